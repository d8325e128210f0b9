/**
 * The kernels of `asm/ops/` compiled on their own, with operands laid out by hand: no interpreter, no program.
 */
import { DTYPE_BYTES, DTYPES } from "../../src/tensor.ts";
import type { DType } from "../../src/tensor.ts";
import { LAYOUTS } from "../../src/layouts/mod.ts";
import { instructionNamed, INSTRUCTIONS } from "../../src/instructions/mod.ts";
import { compileModule } from "../../tools/asc.ts";
import {
  CONTEXT_ATTRIBUTES,
  CONTEXT_OPERANDS,
  CONTEXT_SCRATCH,
  OPERAND_BYTES,
  OPERAND_FIELDS,
} from "../../tools/operand_records.ts";

const FIRST = 1 << 20;
const CANARY = 0xa5;

/** An operand of a test: numbers row by row, in the instruction's order; `data` absent for an output. */
export interface TestOperand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data?: ArrayLike<number>;
  readonly layout?: keyof typeof LAYOUTS;
  /** Elements between two rows beyond the columns. */
  readonly gap?: number;
}

interface Placed {
  readonly address: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** Compiles every `asm/ops/*.ts`; `relaxed` with relaxed SIMD. */
export async function compileOps(relaxed: boolean): Promise<WebAssembly.Module> {
  const entry = INSTRUCTIONS.map(({ name }) =>
    `export { exec_${name}, scratch_${name} } from "./asm/ops/${name}";`
  ).join("\n");
  const wasm = await compileModule(relaxed ? "relaxed" : "simd", {
    entries: ["ops.ts"],
    sources: new Map([["ops.ts", entry]]),
  });
  return new WebAssembly.Module(wasm);
}

const VIEWS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
} as const;

/** Runs single instructions. */
export class KernelModule {
  readonly #exports: Record<string, CallableFunction>;
  readonly #memory: WebAssembly.Memory;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module);
    this.#exports = instance.exports as unknown as Record<string, CallableFunction>;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
  }

  /**
   * Places operands (by name; absent ones are absent), runs, checks that nothing but the outputs and the scratch was
   * written, and returns the `out` and `inout` operands, dense.
   */
  run(
    op: string,
    operands: Readonly<Record<string, TestOperand>>,
    attributes: readonly number[] = [],
  ): Record<string, number[]> {
    const prepared = this.prepare(op, operands, attributes);
    const { placed, scratch, scratchBytes, context, end } = prepared;
    const before = new Uint8Array(this.#memory.buffer, 0, end).slice();
    prepared.exec();
    const after = new Uint8Array(this.#memory.buffer, 0, end);
    const allowed = new Uint8Array(end);
    allowed.fill(1, scratch, scratch + scratchBytes);
    const results: Record<string, number[]> = {};
    for (const spec of instructionNamed(op).operands) {
      const given = operands[spec.name];
      if (given === undefined || spec.role === "in") continue;
      const { address, rows, columns, stride } = placed[spec.name];
      const View = VIEWS[given.dtype as keyof typeof VIEWS];
      const out: number[] = [];
      for (let r = 0; r < rows; r++) {
        const bytes = columns * DTYPE_BYTES[given.dtype];
        allowed.fill(1, address + r * stride, address + r * stride + bytes);
        out.push(
          ...new View(after.slice(address + r * stride, address + r * stride + bytes).buffer),
        );
      }
      results[spec.name] = out;
    }
    for (let i = 0; i < end; i++) {
      if (!allowed[i] && before[i] !== after[i]) {
        throw new Error(
          `${op} wrote at ${i} (context ${context}, scratch ${scratch}+${scratchBytes})`,
        );
      }
    }
    return results;
  }

  /** Places the operands; `exec` runs the instruction. */
  prepare(
    op: string,
    operands: Readonly<Record<string, TestOperand>>,
    attributes: readonly number[] = [],
  ) {
    const spec = instructionNamed(op);
    for (const name of Object.keys(operands)) {
      if (!spec.operands.some((o) => o.name === name)) {
        throw new Error(`${op} has no operand ${name}`);
      }
    }
    let end = FIRST + 4096;
    const context = FIRST;
    const placed: Record<string, Placed> = {};
    const plan: [TestOperand, Placed][] = [];
    for (const { name } of spec.operands) {
      const o = operands[name];
      if (o === undefined) continue;
      const columns = o.shape.at(-1)!, rows = o.shape.slice(0, -1).reduce((a, b) => a * b, 1);
      const size = DTYPE_BYTES[o.dtype], stride = (columns + (o.gap ?? 0)) * size;
      const bytes = o.layout === undefined ? rows * stride : o.data!.length * size;
      placed[name] = { address: end, rows, columns, stride };
      plan.push([o, placed[name]]);
      end = (end + bytes + 64 + 255) & ~255;
    }
    const pages = Math.ceil((end + (1 << 26)) / 65536) - this.#memory.buffer.byteLength / 65536;
    if (pages > 0) this.#memory.grow(pages);
    const memory = new Uint8Array(this.#memory.buffer), view = new DataView(this.#memory.buffer);
    memory.fill(CANARY, FIRST, end);
    memory.fill(0, context, context + 4096);
    for (const [o, at] of plan) {
      if (o.data === undefined) continue;
      const View = VIEWS[o.dtype as keyof typeof VIEWS], size = DTYPE_BYTES[o.dtype];
      const all = new Uint8Array(View.from(o.data as ArrayLike<number>).buffer);
      if (o.layout !== undefined) memory.set(all, at.address);
      else {for (let r = 0; r < at.rows; r++) {
          memory.set(
            all.subarray(r * at.columns * size, (r + 1) * at.columns * size),
            at.address + r * at.stride,
          );
        }}
    }
    spec.operands.forEach(({ name }, index) => {
      const o = operands[name], p = context + CONTEXT_OPERANDS + index * OPERAND_BYTES;
      if (o === undefined) return;
      const { address, rows, columns, stride } = placed[name];
      const [extent0, extent1 = 1, extent2 = 1, extent3 = 1] = o.shape;
      const fields: Record<(typeof OPERAND_FIELDS)[number][0], number> = {
        address,
        dtype: DTYPES[o.dtype],
        rank: o.shape.length,
        extent0,
        extent1,
        extent2,
        extent3,
        rows,
        columns,
        stride,
        layout: LAYOUTS[o.layout ?? "rows"],
        elementBytes: DTYPE_BYTES[o.dtype],
      };
      OPERAND_FIELDS.forEach(([name], i) => view.setUint32(p + 4 * i, fields[name], true));
    });
    attributes.forEach((value, i) =>
      view.setInt32(context + CONTEXT_ATTRIBUTES + 4 * i, value, true)
    );
    const scratchBytes = this.#exports[`scratch_${op}`](context) as number;
    const scratch = end + 256;
    view.setUint32(context + CONTEXT_SCRATCH, scratch, true);
    end = scratch + scratchBytes;
    if (end + 65536 > this.#memory.buffer.byteLength) {
      throw new Error(`${op}: scratch of ${scratchBytes} bytes`);
    }
    new Uint8Array(this.#memory.buffer).fill(CANARY, scratch - 256, end + 4096);
    const exec = this.#exports[`exec_${op}`];
    return { placed, context, scratch, scratchBytes, end: end + 4096, exec: () => exec(context) };
  }
}
