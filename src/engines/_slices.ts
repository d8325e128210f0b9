/** How far a run goes before it looks at its signal and the clock. */
import type { Index, Instruction, Program } from "../program/program.ts";

/** Elements that are computed at one go, about a millisecond's. */
const SLICE_WORK = 2 ** 21;

/** The slices of the run before, which is most often of the same sizes. */
export class Slices {
  #entry: Index = -1;
  #symbols: readonly number[] = [];
  #ends: readonly number[] = [];

  /**
   * Instructions, numbered in the entry, behind which a run pauses: each one that is large, and the
   * last of several small ones.
   *
   * @param symbols Values of the symbols, on which `values`, those of the expressions, depend.
   */
  ends(
    program: Program,
    entry: Index,
    symbols: readonly number[],
    values: ArrayLike<number>,
  ): readonly number[] {
    const isSame = entry === this.#entry && symbols.every((value, i) => value === this.#symbols[i]);
    if (!isSame) {
      this.#ends = slicesOf(program, entry, values);
      [this.#entry, this.#symbols] = [entry, symbols];
    }
    return this.#ends;
  }
}

function slicesOf(program: Program, entry: Index, values: ArrayLike<number>): number[] {
  const { first, count } = program.entries[entry];
  const ends: number[] = [];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const work = estimate(program, program.instructions[first + i], values);
    if (sum > 0 && sum + work > SLICE_WORK) {
      ends.push(i);
      sum = 0;
    }
    sum += work;
  }
  ends.push(count);
  return ends;
}

/**
 * The elements of the operands, and what a product of matrices computes: M·K·N is the root of the
 * product of M·K, K·N and M·N, the largest operands.
 */
function estimate(
  program: Program,
  { operands }: Instruction,
  values: ArrayLike<number>,
): number {
  const sizes = operands.filter((view) => view >= 0).map((view) =>
    program.views[view].extents.reduce((product, extent) => product * values[extent], 1)
  ).sort((a, b) => b - a);
  const [a = 1, b = 1, c = 1] = sizes;
  return sizes.reduce((sum, size) => sum + size, Math.sqrt(a * b * c));
}
