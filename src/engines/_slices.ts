/** How far a run goes at one go: over some instructions, or a part of a long one. */
import { instructionOf } from "../instructions/mod.ts";
import type { Category } from "../instructions/mod.ts";
import type { Index, Instruction, Program } from "../program/program.ts";
import { workProduct } from "../program/work.ts";

/** Estimated milliseconds of a slice, a quarter of what a run may take: estimates are rough. */
const SLICE_MS = 2;

/** Milliseconds that are measured before an estimate is corrected: clocks may be coarse. */
const LEAST_MS = 4;

/** How much more than before the estimates may become at once: a run may have been interrupted. */
const MOST_GROWTH = 8;

/** Milliseconds of a unit of work by what an instruction does, as the models that ship take them. */
const UNIT_MS: Readonly<Record<Category, number>> = {
  linear: 3e-8,
  attention: 6e-8,
  normalization: 1.5e-6,
  elementwise: 7e-7,
  movement: 5e-7,
};

/** Milliseconds of any instruction. */
const INSTRUCTION_MS = 2e-4;

/** Where a run goes next. */
export interface Slice {
  /** Instructions, of which one alone may be run in parts. */
  readonly count: number;
  /** The part that is to be run … */
  readonly part: number;
  /** … of so many. */
  readonly parts: number;
  /** Milliseconds by an estimate. */
  readonly ms: number;
}

/** The slices of the runs of an instance. What they take is estimated, and the estimates follow the clock. */
export class Slices {
  readonly #program: Program;
  readonly #hasParts: boolean;
  /** Measured milliseconds for one by `UNIT_MS`. */
  #factor: number;
  #measured = 0;
  #estimated = 0;
  #entry: Index = -1;
  #symbols: readonly number[] = [];
  #values: ArrayLike<number> = [];
  /** Of the instructions of the entry, by `UNIT_MS`; none yet for these symbols. */
  #ms: readonly number[] | undefined;
  /** Parts of the instruction that the run has come to: those that are done, and all. */
  #part = 0;
  #parts = 1;

  /**
   * @param factor How many times slower than `UNIT_MS` the engine is, to begin with.
   * @param hasParts Whether it runs parts of instructions.
   */
  constructor(program: Program, factor: number, hasParts: boolean) {
    this.#program = program;
    this.#factor = factor;
    this.#hasParts = hasParts;
  }

  /** Entry of the present run. */
  get entry(): Index {
    return this.#entry;
  }

  /** Whether some parts of an instruction are done, and others not. */
  get isInside(): boolean {
    return this.#part > 0;
  }

  /**
   * Begins a run.
   *
   * @param symbols Values of the symbols, on which `values`, those of the expressions, depend.
   */
  begin(entry: Index, symbols: readonly number[], values: ArrayLike<number>): void {
    this.#part = 0;
    if (entry === this.#entry && symbols.every((value, i) => value === this.#symbols[i])) return;
    [this.#entry, this.#symbols, this.#values, this.#ms] = [entry, symbols, values, undefined];
  }

  /** What comes behind so many instructions: several small ones, or a part of a large one. */
  next(done: number): Slice {
    const costs = costsOf(this.#program);
    const { first, count } = this.#program.entries[this.#entry];
    this.#ms ??= Array.from(
      { length: count },
      (_, i) =>
        costs[first + i].extents.reduce(
          (ms, extent) => ms * this.#values[extent],
          costs[first + i].unitMs,
        ) + INSTRUCTION_MS,
    );
    const most = SLICE_MS / this.#factor;
    let [end, sum] = [done + 1, this.#ms[done]];
    if (this.#part === 0) {
      const isCut = this.#hasParts && !costs[first + done].isWhole;
      this.#parts = isCut ? Math.ceil(sum / most) : 1;
    }
    const [part, parts] = [this.#part, this.#parts];
    this.#part = (part + 1) % parts;
    while (parts === 1 && end < count && sum + this.#ms[end] <= most) sum += this.#ms[end++];
    return { count: end - done, part, parts, ms: sum * this.#factor / parts };
  }

  /** Learns what a slice took. */
  took(estimated: number, measured: number): void {
    this.#estimated += estimated;
    this.#measured += measured;
    if (this.#measured < LEAST_MS) return;
    this.#factor *= Math.min(MOST_GROWTH, this.#measured / this.#estimated);
    this.#measured = this.#estimated = 0;
  }
}

/** What an instruction costs. */
interface Cost {
  /** Milliseconds by `UNIT_MS`, to be multiplied with the values of expressions. */
  readonly unitMs: number;
  readonly extents: readonly Index[];
  /** Whether it writes what outlives the run, where nobody may see half of it. */
  readonly isWhole: boolean;
}

const COSTS = new WeakMap<Program, readonly Cost[]>();

function costsOf(program: Program): readonly Cost[] {
  let costs = COSTS.get(program);
  if (costs === undefined) {
    costs = program.instructions.map((instruction) => costOf(program, instruction));
    COSTS.set(program, costs);
  }
  return costs;
}

function costOf(program: Program, instruction: Instruction): Cost {
  const { category, operands } = instructionOf(instruction.opcode)!;
  const { times, extents } = workProduct(program, instruction);
  const isWhole = operands.some(({ role }, j) => {
    const view = program.views[instruction.operands[j]];
    const region = view && program.tensors[view.tensor].region;
    return role !== "in" && (region === "parameter" || region === "state");
  });
  return { unitMs: times * UNIT_MS[category], extents, isWhole };
}
