/** An instance of the reference engine: plain buffers, one function an instruction. */
import { instructionOf } from "../../instructions/mod.ts";
import { evaluateExpressions } from "../../program/expression.ts";
import type { Index, Region } from "../../program/program.ts";
import { viewAs } from "../../tensor.ts";
import type { SyncInstance } from "../engine.ts";
import { allocate } from "../allocate.ts";
import { canonicalizeNaN } from "../canonical_nan.ts";
import { BaseInstance } from "../base_instance.ts";
import type { WholeProgram } from "../whole_program.ts";
import { MEANINGS } from "./_meanings.ts";
import { computeMixed } from "./_mixed.ts";
import { Operand, Operands } from "./_operands.ts";
import type { Elements } from "./_operands.ts";

/** Runs a program by the definitions of its instructions. */
export class ReferenceInstance extends BaseInstance {
  readonly engine = "reference";
  readonly memoryBytes: number;
  readonly #source: WholeProgram;
  readonly #regions: Record<Region, ArrayBuffer>;
  /** Values of the expressions in the present run. */
  #values: Float64Array = new Float64Array(0);
  /** Tensors of the arena and outputs that no instruction of the present run has named yet. */
  readonly #fresh = new Set<Index>();

  /** Starts from a file, or from the parameters and state of another instance. */
  constructor(source: WholeProgram, from: Pick<WholeProgram, "parameters" | "state">) {
    const { verified, head } = source;
    super({ ...verified, id: head.id }, 500);
    const { regionBytes } = verified.plan;
    this.#source = source;
    this.#regions = {
      constant: source.constants,
      parameter: from.parameters.slice(0),
      state: from.state.slice(0),
      arena: allocate(regionBytes.arena),
      input: allocate(regionBytes.input),
      output: allocate(regionBytes.output),
    };
    this.memoryBytes = Object.values(regionBytes).reduce((sum, bytes) => sum + bytes, 0);
  }

  protected bytesOf(tensor: Index): Uint8Array {
    return this.#bytes(this.#regions[this.program.tensors[tensor].region], tensor);
  }

  protected resetState(tensor: Index): Uint8Array | undefined {
    return this.#bytes(this.#source.state, tensor);
  }

  protected canonicalize(tensor: Index): void {
    const { region, dtype } = this.program.tensors[tensor];
    if (dtype !== "f32" || region === "constant" || region === "input") return;
    canonicalizeNaN(this.bytesOf(tensor));
  }

  protected start(_entry: number, symbols: readonly number[]): void {
    this.#values = evaluateExpressions(this.program, symbols);
    this.program.tensors.forEach(({ region }, i) => {
      if (region === "arena" || region === "output") this.#fresh.add(i);
    });
  }

  protected step(entry: number, first: number, count: number): void {
    const { program } = this;
    const start = program.entries[entry].first + first;
    for (let i = start; i < start + count; i++) {
      const { opcode, operands, attributes } = program.instructions[i];
      const spec = instructionOf(opcode)!;
      for (const view of operands) if (view >= 0) this.#wake(program.views[view].tensor);
      const views = operands.map((view) => view < 0 ? undefined : this.#operand(view));
      computeMixed(
        spec,
        views,
        (computed) => MEANINGS[spec.name](new Operands(spec, computed, attributes)),
      );
    }
    if (first + count < program.entries[entry].count) return;
    program.tensors.forEach(({ region }, i) => {
      if (region === "output") this.canonicalize(i);
    });
  }

  /** What a run has not written is zero, not what was in that memory before. */
  #wake(tensor: Index): void {
    if (this.#fresh.delete(tensor)) this.bytesOf(tensor).fill(0);
  }

  protected release(): void {
    for (const region of Object.keys(this.#regions) as Region[]) {
      this.#regions[region] = new ArrayBuffer(0);
    }
  }

  protected copy(): SyncInstance {
    const { parameter, state } = this.#regions;
    return new ReferenceInstance(this.#source, { parameters: parameter, state });
  }

  #bytes(region: ArrayBuffer, tensor: Index): Uint8Array<ArrayBuffer> {
    const { offsets, bytes } = this.#source.verified.plan;
    return new Uint8Array(region, offsets[tensor], bytes[tensor]);
  }

  #elements(tensor: Index): Elements {
    const { dtype } = this.program.tensors[tensor];
    return viewAs(dtype, this.bytesOf(tensor)) as Elements;
  }

  #operand(index: Index): Operand {
    const { tensor, offset, extents, rowStride } = this.program.views[index];
    const { dtype, layout } = this.program.tensors[tensor];
    const values = this.#values;
    return new Operand(
      dtype,
      extents.map((extent) => values[extent]),
      this.#elements(tensor),
      layout,
      values[offset],
      values[rowStride],
    );
  }
}
