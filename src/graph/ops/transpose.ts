import { FewbitError } from "../../errors.ts";
import { expectDtype, product } from "../extent.ts";
import type { Extent } from "../graph.ts";
import type { Op } from "../op.ts";

/** The axes of a transposition as blocks: two neighbouring blocks change places. */
export interface SwappedBlocks {
  /** Extents before the blocks, of the first, of the second, and behind them, each as one. */
  readonly extents: readonly [Extent, Extent, Extent, Extent];
}

/** Axis i of the result is axis `perm[i]` of x (ONNX Transpose), where two blocks of axes change places. */
export const transpose: Op<"Transpose", "x", { perm: readonly number[] }> = {
  name: "Transpose",
  inputs: ["x"],
  movesOnly: true,
  infer({ x }, { perm }) {
    expectDtype(x, ["f32"], "Transpose");
    swappedBlocks(x.shape, perm);
    return { y: { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]) } };
  },
};

/**
 * The blocks of axes that a permutation exchanges.
 *
 * @throws {FewbitError} `invalid_argument` where it is no permutation, `unsupported` where it does more.
 */
export function swappedBlocks(shape: readonly Extent[], perm: readonly number[]): SwappedBlocks {
  const rank = shape.length;
  if (!Array.isArray(perm) || perm.toSorted((a, b) => a - b).join() !== [...shape.keys()].join()) {
    throw new FewbitError(
      "invalid_argument",
      `Transpose: perm has to be an order of ${rank} axes, got ${String(perm)}`,
    );
  }
  const first = Math.max(0, perm.findIndex((axis, i) => axis !== i));
  const last = perm.findLastIndex((axis, i) => axis !== i) + 1;
  // [first, middle) and [middle, last) change places.
  const middle = last === 0 ? 0 : perm[first];
  const exchanged = [...range(middle, last), ...range(first, middle)];
  if (exchanged.join() !== perm.slice(first, last).join()) {
    throw new FewbitError(
      "unsupported",
      `Transpose: [${perm}] does more than exchange two blocks of axes; write it as two`,
    );
  }
  const extent = (from: number, to: number): Extent => product(shape.slice(from, to));
  return {
    extents: [extent(0, first), extent(first, middle), extent(middle, last), extent(last, rank)],
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
