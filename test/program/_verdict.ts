/** What the two verifiers say of a file. */
import { crc32c } from "../../src/program/crc32c.ts";
import { decodeHead } from "../../src/program/decode.ts";
import { DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT } from "../../src/program/defaults.ts";
import { ProgramError, VERDICTS } from "../../src/program/verdict.ts";
import { verify, verifyIndices } from "../../src/program/verify.ts";
import type { VerifiedProgram } from "../../src/program/verify.ts";
import { grow, release, take } from "../../src/engines/wasm/memory_pool.ts";
import { pickBuild } from "../../src/engines/wasm/module.ts";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";

/** Values of load-time symbols by index, and limits. */
export interface Request {
  readonly symbols?: readonly (readonly [index: number, value: number])[];
  readonly memoryLimitBytes?: number;
  readonly workLimit?: number;
}

/** Verdict of the TypeScript verifier, and what it found out where the verdict is 0. */
export function verdictOfTypeScript(
  bytes: Uint8Array,
  request: Request = {},
): { verdict: number; verified?: VerifiedProgram } {
  try {
    const head = decodeHead(bytes);
    const symbols = Object.fromEntries(
      (request.symbols ?? []).map(([i, value]) => [head.program.symbols[i]?.name, value]),
    );
    const verified = verify(head.program, head.segments, { ...request, symbols });
    const segments = head.segments.map(({ offset, length }) =>
      bytes.subarray(offset, offset + length)
    );
    if (head.segments.some(({ crc }, i) => crc32c(segments[i]) !== crc)) {
      throw new ProgramError("checksum", "blob");
    }
    const { offsets, bytes: sizes } = verified.plan;
    verifyIndices(verified, (i) => segments[0].subarray(offsets[i], offsets[i] + sizes[i]));
    return { verdict: VERDICTS.ok, verified };
  } catch (error) {
    if (error instanceof ProgramError) return { verdict: VERDICTS[error.verdict] };
    throw error;
  }
}

/** Verdict of the wasm verifier; `look` sees the instance where the verdict is 0. */
export function verdictOfWasm(
  bytes: Uint8Array,
  request: Request = {},
  look: (exports: WasmExports, context: number, model: number) => void = () => {},
): number {
  const machine = take(pickBuild("simd").module, bytes.length);
  const { exports } = machine;
  const model = exports.heap_base();
  // As a host does: the length of the head is what the header says, or what there is.
  const claimed = bytes.length < 12 ? 0 : new DataView(bytes.buffer).getUint32(8, true);
  const headBytes = Math.min(claimed, bytes.length);
  const put = (at: number, part: Uint8Array): void =>
    new Uint8Array(exports.memory.buffer).set(part, at);
  grow(machine, model + (exports.model_size(headBytes) >>> 0));
  put(model + 256, bytes.subarray(0, headBytes));
  let status = exports.model_load(model, headBytes);
  for (const [i, value] of request.symbols ?? []) {
    if (status === 0) status = exports.model_symbol(model, i, value);
  }
  if (status === 0) {
    status = exports.model_plan(
      model,
      request.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES,
      request.workLimit ?? DEFAULT_WORK_LIMIT,
    );
  }
  const end = exports.model_end(model) >>> 0;
  // Programs of gigabytes are good programs, but not for a test.
  if (status === 0 && end + (exports.instance_size(model) >>> 0) < 64 << 20) {
    grow(machine, end + exports.instance_size(model));
    let at = headBytes;
    for (let segment = 0; segment < 3; segment++) {
      const length = exports.segment_bytes(model, segment);
      put(exports.segment_address(model, segment), bytes.subarray(at, at + length));
      at += length;
    }
    status = exports.model_ready(model);
    if (status === 0) status = exports.instance_init(model, end);
    if (status === 0) look(exports, end, model);
  }
  release(machine);
  return -status;
}
