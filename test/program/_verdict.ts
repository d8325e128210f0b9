/** What the two verifiers say of a file. */
import { crc32c } from "../../src/program/crc32c.ts";
import { decodeHead } from "../../src/program/decode.ts";
import type { DecodedHead } from "../../src/program/decode.ts";
import { DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT } from "../../src/program/defaults.ts";
import { checkTrits, storedTrits } from "../../src/program/stored_trits.ts";
import { ProgramError, VERDICTS } from "../../src/program/verdict.ts";
import { verify, verifyConstants } from "../../src/program/verify.ts";
import type { VerifiedProgram } from "../../src/program/verify.ts";
import { grow, release, take } from "../../src/engines/wasm/memory_pool.ts";
import type { Machine } from "../../src/engines/wasm/memory_pool.ts";
import { pickBuild } from "../../src/engines/wasm/module.ts";
import type { WasmExports } from "../../src/engines/wasm/_exports.ts";

/** Values of load-time symbols by index, and limits. */
export interface Request {
  readonly symbols?: readonly (readonly [index: number, value: number])[];
  readonly memoryLimitBytes?: number;
  readonly workLimit?: number;
  /** What TypeScript is to know of the instructions that a module holds. */
  readonly instructions?: ReadonlySet<string>;
  /** Number of the form of the dot product to use (`wasm/fewbit.h`). */
  readonly dot?: number;
}

/** Programs that need more are good programs, but not for a test: only planned, not loaded. */
const MAX_BYTES = 32 << 20;

/** What a verifier says. */
export interface Outcome {
  readonly verdict: number;
  /** What it found out. */
  readonly verified?: VerifiedProgram;
  /** Whether the program was loaded, too. */
  readonly loaded: boolean;
}

/** Verdict of the TypeScript verifier. */
export function verdictOfTypeScript(bytes: Uint8Array, request: Request = {}): Outcome {
  let loaded = false;
  try {
    const head = decodeHead(bytes);
    const symbols = Object.fromEntries(
      (request.symbols ?? []).map(([i, value]) => [head.program.symbols[i]?.name, value]),
    );
    const verified = verify(head.program, head.segments, { ...request, symbols });
    loaded = Object.values(verified.plan.regionBytes).reduce((a, b) => a + b) < MAX_BYTES;
    if (loaded) checkStoredBytes(bytes, head, verified);
    return { verdict: VERDICTS.ok, verified, loaded };
  } catch (error) {
    if (error instanceof ProgramError) return { verdict: VERDICTS[error.verdict], loaded };
    throw error;
  }
}

function checkStoredBytes(
  bytes: Uint8Array,
  { headBytes, blobBytes, segments }: DecodedHead,
  verified: VerifiedProgram,
): void {
  if (bytes.length < headBytes + blobBytes) throw new ProgramError("truncated", "blob");
  const stored = segments.map(({ offset, length }) => bytes.subarray(offset, offset + length));
  if (segments.some(({ crc }, i) => crc32c(stored[i]) !== crc)) {
    throw new ProgramError("checksum", "blob");
  }
  if (stored.length > 3) checkTrits(storedTrits(verified.program), stored[3]);
  const { offsets, bytes: sizes } = verified.plan;
  verifyConstants(verified, (i) => stored[0].subarray(offsets[i], offsets[i] + sizes[i]));
}

/** Sees an instance of a good program. */
export type Look = (exports: WasmExports, context: number, model: number) => void;

/** Verdict of the wasm verifier; with `look`, the program is loaded, too. */
export function verdictOfWasm(
  bytes: Uint8Array,
  request: Request = {},
  look?: Look,
  build: "simd" | "relaxed" | WebAssembly.Module = "simd",
): number {
  const module = build instanceof WebAssembly.Module ? build : pickBuild(build).module;
  const machine = take(module, bytes.length);
  try {
    return 0 - statusOf(machine, bytes, request, look);
  } finally {
    release(machine);
  }
}

function statusOf(machine: Machine, bytes: Uint8Array, request: Request, look?: Look): number {
  const { exports } = machine;
  const model = exports.heap_base();
  const put = (at: number, part: Uint8Array): void =>
    new Uint8Array(exports.memory.buffer).set(part, at);
  // As a host does: the header first, then as much of the head as it says or as there is.
  const claimed = bytes.length < 12 ? 0 : new DataView(bytes.buffer).getUint32(8, true);
  const headBytes = Math.min(Math.max(64, claimed), bytes.length);
  grow(machine, model + (exports.model_size(headBytes) >>> 0));
  put(model + 256, bytes.subarray(0, headBytes));
  let status = exports.model_load(model, headBytes);
  if (status === 0 && request.dot !== undefined) status = exports.model_dot(model, request.dot);
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
  if (status < 0 || look === undefined) return status;
  const end = exports.model_end(model);
  grow(machine, end + exports.instance_size(model));
  let at = headBytes;
  for (let segment = 0; segment < 3; segment++) {
    const length = exports.segment_bytes(model, segment);
    if (at + length > bytes.length) return 0 - VERDICTS.truncated;
    put(exports.segment_address(model, segment), bytes.subarray(at, at + length));
    at += length;
  }
  // Pieces that end anywhere.
  for (let left = exports.trits_bytes(model), n = 1; left > 0; n = n * 7 % 4099) {
    const piece = bytes.subarray(at, at + Math.min(n, left));
    if (piece.length === 0) return 0 - VERDICTS.truncated;
    put(exports.trits_address(model), piece);
    status = exports.trits_push(model, piece.length);
    if (status < 0) return status;
    at += piece.length;
    left -= piece.length;
  }
  status = exports.model_ready(model);
  if (status === 0) status = exports.instance_init(model, end);
  if (status === 0) look(exports, end, model);
  return status;
}
