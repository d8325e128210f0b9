/** The kernels of `asm/ops/` compiled on their own, with a case's operands laid out here: no program. */
import { INFERENCE_INSTRUCTIONS, instructionNamed } from "../../src/instructions/mod.ts";
import { packed } from "../../src/layouts/elements.ts";
import { LAYOUTS } from "../../src/layouts/mod.ts";
import { DTYPE_BYTES, DTYPES, tensorOf } from "../../src/tensor.ts";
import { compileModule } from "../../tools/asc.ts";
import type { Build } from "../../tools/asc.ts";
import {
  CONTEXT_ATTRIBUTES,
  CONTEXT_OPERANDS,
  CONTEXT_SCRATCH,
  OPERAND_BYTES,
  OPERAND_FIELDS,
} from "../../tools/operand_records.ts";
import type { Case, ResultValue, Value } from "../conformance/_case.ts";

/** Where the context is; the operands follow. */
const CONTEXT = 1 << 20;
const CONTEXT_BYTES = 4096;
const CANARY = 0xa5;
/** Bytes behind each operand that kernels may read. */
const GUARD = 64;

/** Compiles every `asm/ops/*.ts` into one module. */
export async function compileOps(build: Build): Promise<WebAssembly.Module> {
  const entry = INFERENCE_INSTRUCTIONS.map(({ name }) =>
    `export { exec_${name}, scratch_${name} } from "./asm/ops/${name}";`
  ).join("\n");
  const wasm = await compileModule(build, {
    entries: ["ops.ts"],
    sources: new Map([["ops.ts", entry]]),
  });
  return new WebAssembly.Module(wasm);
}

/** Where the rows of an operand are, in bytes. */
interface Placed {
  readonly value: ResultValue & Partial<Value>;
  readonly written: boolean;
  readonly address: number;
  readonly rows: number;
  readonly rowBytes: number;
  readonly stride: number;
  /** Of all rows; nothing where it is only written. */
  readonly bytes: Uint8Array | undefined;
}

/** A case in memory. */
export interface PlacedCase {
  /** Runs the instruction. */
  readonly exec: () => void;
  /** What has changed since and is neither an element of a result nor scratch memory: its address. */
  readonly strayWrite: () => number | undefined;
}

/** Runs single instructions. */
export class KernelModule {
  readonly #exports: Record<string, CallableFunction>;
  readonly #memory: WebAssembly.Memory;

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module);
    this.#exports = exports as unknown as Record<string, CallableFunction>;
    this.#memory = exports.memory as WebAssembly.Memory;
  }

  /** Places the operands of a case between canaries, and exactly as much scratch as the kernel asks. */
  place(c: Case): PlacedCase {
    const { operands, attributes = [] } = instructionNamed(c.instruction);
    const placed: (Placed | undefined)[] = [];
    let end = CONTEXT + CONTEXT_BYTES;
    for (const { name, role } of operands) {
      const value = c.operands[name] ?? c.results[name];
      const at = value && placeAt(end, value, role !== "in");
      placed.push(at);
      if (at !== undefined) end = align(at.address + at.rows * at.stride + GUARD);
    }
    this.#grow(end);
    this.#bytes(CONTEXT, end).fill(CANARY);
    this.#bytes(CONTEXT, CONTEXT + CONTEXT_BYTES).fill(0);
    for (const each of placed) if (each !== undefined) this.#write(each);
    placed.forEach((each, i) => each && this.#describe(CONTEXT + CONTEXT_OPERANDS, i, each));
    const view = new DataView(this.#memory.buffer);
    attributes.forEach(({ name, min }, i) =>
      view.setInt32(CONTEXT + CONTEXT_ATTRIBUTES + 4 * i, c.attributes?.[name] ?? min, true)
    );
    const scratchBytes = this.#exports[`scratch_${c.instruction}`](CONTEXT) as number;
    const scratch = end;
    end = align(scratch + scratchBytes) + CONTEXT_BYTES;
    this.#grow(end);
    this.#bytes(scratch, end).fill(CANARY);
    new DataView(this.#memory.buffer).setUint32(CONTEXT + CONTEXT_SCRATCH, scratch, true);
    const before = this.#bytes(CONTEXT, end).slice();
    const exec = this.#exports[`exec_${c.instruction}`];
    return {
      exec: () => exec(CONTEXT),
      strayWrite: () => {
        const after = this.#bytes(CONTEXT, end).slice();
        const restore = (from: number, to: number): void =>
          after.set(before.subarray(from - CONTEXT, to - CONTEXT), from - CONTEXT);
        restore(scratch, scratch + scratchBytes);
        for (const each of placed) {
          if (!each?.written) continue;
          for (let row = 0; row < each.rows; row++) {
            const from = each.address + row * each.stride;
            restore(from, from + each.rowBytes);
          }
        }
        const at = after.findIndex((byte, i) => byte !== before[i]);
        return at < 0 ? undefined : CONTEXT + at;
      },
    };
  }

  #bytes(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, from, to - from);
  }

  #grow(end: number): void {
    const pages = Math.ceil((end - this.#memory.buffer.byteLength) / 65536);
    if (pages > 0) this.#memory.grow(pages);
  }

  #write({ address, rows, rowBytes, stride, bytes }: Placed): void {
    if (bytes === undefined) return;
    for (let row = 0; row < rows; row++) {
      const from = bytes.subarray(row * rowBytes, (row + 1) * rowBytes);
      this.#bytes(address + row * stride, address + row * stride + rowBytes).set(from);
    }
  }

  /** The record that the kernel reads an operand by. */
  #describe(records: number, index: number, { value, address, stride }: Placed): void {
    const { dtype, extents, layout = "rows" } = value;
    const [extent0, extent1 = 1, extent2 = 1, extent3 = 1] = extents;
    const fields: Record<(typeof OPERAND_FIELDS)[number][0], number> = {
      address,
      dtype: DTYPES[dtype],
      rank: extents.length,
      extent0,
      extent1,
      extent2,
      extent3,
      rows: rowsOf(extents),
      columns: extents[extents.length - 1],
      stride,
      layout: LAYOUTS[layout],
      elementBytes: DTYPE_BYTES[dtype],
    };
    const view = new DataView(this.#memory.buffer, records + index * OPERAND_BYTES);
    OPERAND_FIELDS.forEach(([name], i) => view.setUint32(4 * i, fields[name], true));
  }
}

const align = (address: number): number => Math.ceil(address / 256) * 256;

const rowsOf = (extents: readonly number[]): number =>
  extents.slice(0, -1).reduce((a, b) => a * b, 1);

function placeAt(start: number, value: ResultValue & Partial<Value>, written: boolean): Placed {
  const { dtype, extents, offset = 0, gap = 0, layout = "rows", elements } = value;
  const size = DTYPE_BYTES[dtype];
  const bytes = elements && packed(tensorOf(dtype, extents, elements), layout);
  const common = { value, written, address: start + offset * size, bytes };
  // Panels are one block.
  if (layout !== "rows") {
    return { ...common, rows: 1, rowBytes: bytes!.length, stride: bytes!.length };
  }
  const columns = extents[extents.length - 1];
  return {
    ...common,
    rows: rowsOf(extents),
    rowBytes: columns * size,
    stride: (columns + gap) * size,
  };
}
