/**
 * A program in float64 with the host's functions, on the reference engine's instructions: for derivatives, where
 * float32 would hide what is looked for. Nothing is planned and nothing saved.
 */
import { FewbitError } from "../../errors.ts";
import { instructionOf } from "../../instructions/mod.ts";
import { layoutBytes } from "../../layouts/mod.ts";
import { evaluateExpressions } from "../../program/expression.ts";
import type { CompiledProgram, Index } from "../../program/program.ts";
import { DTYPE_ARRAYS, DTYPE_BYTES, viewAs } from "../../tensor.ts";
import { FLOAT64 } from "./_arithmetic.ts";
import { MEANINGS } from "./_meanings.ts";
import { Operand, Operands } from "./_operands.ts";
import type { Elements } from "./_operands.ts";

/** Runs a program in float64; what it may hold besides are indices and masks. */
export class ExactProgram {
  readonly #program: CompiledProgram;
  readonly #values: Float64Array;
  readonly #elements: Elements[];

  /**
   * @param symbols Extents by name; the others have their defaults.
   * @throws {FewbitError} `unsupported` for a program that has codes or 16-bit floats.
   */
  constructor(program: CompiledProgram, symbols: Readonly<Record<string, number>> = {}) {
    this.#program = program;
    const sizes = program.symbols.map(({ name, default: value }) => symbols[name] ?? value);
    this.#values = evaluateExpressions(program, sizes);
    this.#elements = program.tensors.map((_, i) => this.#initial(i));
  }

  /**
   * Sets the elements of an input, a parameter or a state.
   *
   * @throws {FewbitError} `not_found` or `shape_mismatch`.
   */
  write(name: string, elements: ArrayLike<number>): void {
    const memory = this.#named(name);
    if (elements.length !== memory.length) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot write ${name}: ${elements.length} elements, ${memory.length} expected`,
      );
    }
    memory.set(elements);
  }

  /** The elements of an input, output, parameter or state, as they are now. */
  read(name: string): Float64Array {
    return Float64Array.from(this.#named(name));
  }

  /** Runs an entry. */
  run(entry = "main"): void {
    const { entries, instructions, tensors } = this.#program;
    const range = entries.find(({ name }) => name === entry);
    if (range === undefined) throw new FewbitError("not_found", `There is no entry ${entry}`);
    tensors.forEach(({ region }, i) => {
      if (region === "arena" || region === "output") this.#elements[i].fill(0);
    });
    for (
      const { opcode, operands, attributes } of instructions.slice(range.first).slice(
        0,
        range.count,
      )
    ) {
      const spec = instructionOf(opcode)!;
      const views = operands.map((view) => view < 0 ? undefined : this.#operand(view));
      MEANINGS[spec.name](new Operands(spec, views, attributes, FLOAT64));
    }
  }

  #initial(index: Index): Elements {
    const { dtype, layout, extents, encoding, name } = this.#program.tensors[index];
    if (dtype !== "f32" && dtype !== "i32" && dtype !== "u8") {
      throw new FewbitError("unsupported", `Cannot compute with ${dtype} in float64: ${name}`);
    }
    const bytes = layoutBytes(layout, dtype, extents.map((extent) => this.#values[extent]));
    const data = encoding === "raw" ? this.#program.data.get(index) : undefined;
    const elements =
      (data === undefined
        ? new DTYPE_ARRAYS[dtype](new ArrayBuffer(bytes), 0, bytes / DTYPE_BYTES[dtype])
        : viewAs(dtype, data.slice())) as Elements;
    return dtype === "f32" ? Float64Array.from(elements) : elements;
  }

  #named(name: string): Elements {
    const index = this.#program.tensors.findIndex((tensor) => tensor.name === name);
    if (name !== "" && index >= 0) return this.#elements[index];
    throw new FewbitError("not_found", `There is no tensor "${name}"`);
  }

  #operand(index: Index): Operand {
    const { tensor, offset, extents, rowStride } = this.#program.views[index];
    const { dtype, layout } = this.#program.tensors[tensor];
    const values = this.#values;
    return new Operand(
      dtype,
      extents.map((extent) => values[extent]),
      this.#elements[tensor],
      layout,
      values[offset],
      values[rowStride],
    );
  }
}
