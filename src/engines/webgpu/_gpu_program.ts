/** A program on a GPU: what its instances share. */
import { DTYPE_BYTES } from "../../tensor.ts";
import { evaluateExpressions } from "../../program/expression.ts";
import type { Index } from "../../program/program.ts";
import type { WholeProgram } from "../whole_program.ts";
import type { Device } from "./_device.ts";
import { sizesOf } from "./_instructions.ts";
import type { CompiledInstruction, CompiledInstructions } from "./_instructions.ts";
import { ARGUMENT_BYTES } from "./_pipelines.ts";
import type { Pipelines } from "./_pipelines.ts";
import type { Places } from "./_places.ts";
import { ARGUMENT_WORDS, attributeWord, OPERAND_WORDS } from "./wgsl/header.ts";

/** What a run tells the GPU for some instructions. */
export interface Recording {
  /** Records instructions `first` … `first + count − 1` of the entry. */
  record(encoder: GPUCommandEncoder, first: number, count: number): void;
}

/** Constants and compiled instructions; the last instance that goes frees them. */
export class GpuProgram {
  #users = 0;

  constructor(
    readonly device: Device,
    readonly source: WholeProgram,
    readonly places: Places,
    readonly pipelines: Pipelines,
    readonly compiled: CompiledInstructions,
    /** The chunks of the constants. */
    readonly weights: readonly GPUBuffer[],
  ) {}

  /** Bytes of the constants. */
  get weightBytes(): number {
    return this.weights.reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes of the memory of an instance, with what instructions need between their stages. */
  get memoryBytes(): number {
    return this.places.memoryBytes + 4 * Math.max(1, this.compiled.scratchWords);
  }

  /** Instructions of an entry. */
  entry(entry: Index): readonly CompiledInstruction[] {
    const { first, count } = this.source.head.program.entries[entry];
    return this.compiled.all.slice(first, first + count);
  }

  addUser(): void {
    this.#users++;
  }

  removeUser(): void {
    if (--this.#users === 0) this.weights.forEach((chunk) => chunk.destroy());
  }

  /** The arguments of all instructions of an entry. */
  argumentsOf(entry: Index, values: ArrayLike<number>): Uint32Array<ArrayBuffer> {
    const instructions = this.entry(entry);
    const words = new Uint32Array(instructions.length * ARGUMENT_WORDS);
    const scratch = this.places.memoryBytes / 4;
    instructions.forEach((one, i) => {
      const { spec, instruction } = one;
      const own = words.subarray(i * ARGUMENT_WORDS, (i + 1) * ARGUMENT_WORDS);
      const sizes = sizesOf(this.places, one, values);
      spec.operands.forEach(({ name }, j) => {
        if (sizes[name] === undefined) return;
        const { at, stride, rows, columns, extents } = sizes[name];
        const four = Array.from({ length: 4 }, (_, axis) => extents[axis] ?? 1);
        own.set([at, stride, rows, columns, ...four], OPERAND_WORDS * j);
      });
      own.set(instruction.attributes, attributeWord(spec, 0));
      own[attributeWord(spec, spec.attributes?.length ?? 0)] = scratch;
    });
    return words;
  }

  /** A run's dispatches, and zeros where a tensor comes alive that is not written as a whole. */
  recording(
    entry: Index,
    symbols: readonly number[],
    memory: GPUBuffer,
    groups: readonly GPUBindGroup[],
  ): Recording {
    const { program } = this.source.head;
    const values = evaluateExpressions(program, symbols);
    const instructions = this.entry(entry);
    const fresh = new Set<Index>();
    program.tensors.forEach(({ region }, i) => {
      if (region === "arena" || region === "output") fresh.add(i);
    });
    return {
      record: (encoder, first, count) => {
        let pass: GPUComputePassEncoder | undefined;
        for (let i = first; i < first + count; i++) {
          for (const tensor of this.#waking(instructions[i], values, fresh)) {
            pass?.end();
            pass = undefined;
            const { offset, bytes } = this.places.tensor(tensor);
            encoder.clearBuffer(memory, offset, padded(bytes));
          }
          pass ??= encoder.beginComputePass();
          this.#dispatch(pass, instructions[i], values, groups[instructions[i].chunk], i);
        }
        pass?.end();
      },
    };
  }

  /** Tensors that an instruction is the first to name, and that it does not write as a whole. */
  #waking(
    { spec, instruction }: CompiledInstruction,
    values: ArrayLike<number>,
    fresh: Set<Index>,
  ): Index[] {
    const { views } = this.source.head.program;
    return instruction.operands.flatMap((view, j) => {
      if (view < 0 || !fresh.delete(views[view].tensor)) return [];
      const isWritten = spec.operands[j].role === "out" && this.places.isWhole(view, values);
      return isWritten ? [] : [views[view].tensor];
    });
  }

  #dispatch(
    pass: GPUComputePassEncoder,
    one: CompiledInstruction,
    values: ArrayLike<number>,
    group: GPUBindGroup,
    i: number,
  ): void {
    const sizes = sizesOf(this.places, one, values);
    const isFew = one.few !== undefined && sizes.y.rows <= one.few.rows;
    for (const { pipeline, groups } of isFew ? one.few!.stages : one.stages) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group, [i * ARGUMENT_BYTES]);
      pass.dispatchWorkgroups(...groups(sizes, one.attributes));
    }
  }

  /** Bytes of a tensor at its extents in a run; of panels all. */
  bytesIn(tensor: Index, values: ArrayLike<number>): number {
    const { dtype, extents, layout } = this.source.head.program.tensors[tensor];
    if (layout !== "rows") return this.places.tensor(tensor).bytes;
    return extents.reduce((n, extent) => n * values[extent], DTYPE_BYTES[dtype]);
  }
}

/** Copies and writes are of whole words; behind a tensor there is room for them. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
