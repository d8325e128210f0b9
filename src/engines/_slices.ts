/** How far a run goes at one go: over some instructions, or a part of a long one. */
import type { Index, Instruction, Program, View } from "../program/program.ts";

/** Estimated milliseconds of a slice, a quarter of what a run may take: estimates are rough. */
const SLICE_MS = 2;

/** Milliseconds that are measured before an estimate is corrected: clocks may be coarse. */
const LEAST_MS = 4;

/** How much more than before the estimates may become at once: a run may have been interrupted. */
const MOST_GROWTH = 8;

/** Most parts of an instruction: many more take longer than the whole. */
const MOST_PARTS = 128;

/**
 * Milliseconds of a multiply-accumulate in a linear layer and in attention, of an element anywhere else,
 * and of any instruction, as the models that ship take them. The descriptions of the instructions would
 * say more, but the small entries do without these.
 */
const LINEAR_MS = 3e-8, ATTENTION_MS = 6e-8, ELEMENT_MS = 1e-6, INSTRUCTION_MS = 2e-4;

/** Opcodes of attention: of queries or probabilities, which come first, with as many keys as another operand has rows. */
export const ATTENTION: readonly number[] = [9, 11, 12, 21, 36, 38, 45, 51];

/** Opcodes that write three operands; others write two at most. */
export const WRITE_THREE: readonly number[] = [102];

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
  /** Measured milliseconds for an estimated one. */
  #factor: number;
  /** Since it was settled. */
  #measured = 0;
  #estimated = 0;
  #entry: Index = -1;
  #symbols: readonly number[] = [];
  #values: ArrayLike<number> = [];
  /** Estimates of the instructions of the entry, without the factor; none yet for these symbols. */
  #ms: readonly number[] | undefined;
  /** Parts of the instruction that the run has come to: those that are done, and all. */
  #part = 0;
  #parts = 1;

  /**
   * @param factor How many times slower than the estimates the engine is, to begin with.
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
    const { entries, instructions } = this.#program;
    const { first, count } = entries[this.#entry];
    this.#ms ??= instructions.slice(first, first + count)
      .map((instruction) => estimate(this.#program, instruction, this.#values));
    const most = SLICE_MS / this.#factor;
    let [end, ms] = [done + 1, this.#ms[done]];
    if (this.#part === 0) {
      const isCut = this.#hasParts && ms > most &&
        !keeps(this.#program, instructions[first + done]);
      this.#parts = isCut ? Math.min(MOST_PARTS, Math.ceil(ms / most)) : 1;
    }
    const [part, parts] = [this.#part, this.#parts];
    this.#part = (part + 1) % parts;
    while (parts === 1 && end < count && ms + this.#ms[end] <= most) ms += this.#ms[end++];
    return { count: end - done, part, parts, ms: ms * this.#factor / parts };
  }

  /** Learns what a slice took. */
  took(estimated: number, measured: number): void {
    this.#estimated += estimated / this.#factor;
    this.#measured += measured;
    if (this.#measured < LEAST_MS) return;
    this.#factor = Math.min(MOST_GROWTH * this.#factor, this.#measured / this.#estimated);
    this.#measured = this.#estimated = 0;
  }
}

/** Milliseconds of an instruction, without the factor. */
function estimate(
  { views, tensors }: Program,
  { opcode, operands }: Instruction,
  values: ArrayLike<number>,
): number {
  const [first, ...others] = operands.filter((view) => view >= 0).map((view) => views[view]);
  const last = others[others.length - 1];
  const sizeOf = ({ extents }: View): number =>
    extents.reduce((n, extent) => n * values[extent], 1);
  const lengthOf = ({ extents }: View, axis: number): number => values[extents.at(axis) ?? -1] ?? 0;
  const work = others.some(({ tensor }) => tensors[tensor].layout !== "rows")
    ? LINEAR_MS * sizeOf(first) * lengthOf(last, -1)
    : ATTENTION.includes(opcode)
    // Scores, and values, for as many keys as there are or may be.
    ? 2 * ATTENTION_MS * sizeOf(first) * Math.max(...others.map((view) => lengthOf(view, -2)))
    // Of a table some rows are read, in a cache some are written.
    : ELEMENT_MS * Math.max(
      tensors[first.tensor].region === "constant" ? 0 : sizeOf(first),
      tensors[last.tensor].region === "state" ? 0 : sizeOf(last),
    );
  return INSTRUCTION_MS + work;
}

/** Whether an instruction may write what outlives the run, where nobody may see half of it. */
function keeps({ views, tensors }: Program, { opcode, operands }: Instruction): boolean {
  // What is written stands last.
  return operands.slice(WRITE_THREE.includes(opcode) ? -3 : -2).some((view) =>
    view >= 0 && /^(state|parameter)/.test(tensors[views[view].tensor].region)
  );
}
