import { product } from "../../graph/extent.ts";
import type { Value } from "../../graph/graph.ts";
import { padColumns, sliceColumns, transpose } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule } from "../rule.ts";

/** dy itself: how it is kept is that of the value. */
export const castGradient: GradientRule<"Cast"> = (_, __, { y }) => ({ x: () => y! });

/** dy itself. */
export const identityGradient: GradientRule<"Identity"> = (_, __, { y }) => ({ x: () => y! });

/** dy in the shape that x had. */
export const reshapeGradient: GradientRule<"Reshape"> = (build, { inputs: { x } }, { y }) => ({
  x: () => build.reshape(y!, x.shape),
});

/** The permutation back. */
export const transposeGradient: GradientRule<"Transpose"> = (
  { graph },
  { attributes: { perm } },
  { y },
) => ({
  x: () => graph.apply(transpose, { x: y! }, { perm: perm.map((_, i) => perm.indexOf(i)) }),
});

/** dy in its columns, zeros in the others. */
export const sliceColumnsGradient: GradientRule<"SliceColumns"> = (
  { graph },
  { inputs: { x }, attributes: { start, end } },
  { y },
) => ({
  x: () => {
    const columns = x.shape[x.shape.length - 1] as number;
    return graph.apply(padColumns, { x: y! }, { before: start, after: columns - end });
  },
});

/** The columns that are not padding. */
export const padColumnsGradient: GradientRule<"PadColumns"> = (
  { graph },
  { inputs: { x }, attributes: { before } },
  { y },
) => ({
  x: () => {
    const columns = x.shape[x.shape.length - 1] as number;
    return graph.apply(sliceColumns, { x: y! }, { start: before, end: before + columns });
  },
});

/** dy in its row of each sequence, zeros in the others. */
export const selectRowGradient: GradientRule<"SelectRow"> = (
  build,
  { inputs: { x }, attributes: { row } },
  { y },
) => ({
  x: () => {
    const [rows, columns] = x.shape.slice(-2) as number[];
    const sequences = product(x.shape.slice(0, -2));
    return placed(build, build.reshape(y!, [sequences, columns]), row, rows, x);
  },
});

/** Rows `[sequences, columns]` as row `row` of sequences of `rows`, in the shape of x. */
function placed(build: NodeBuilder, y: Value, row: number, rows: number, x: Value): Value {
  const columns = y.shape[1] as number;
  const before = row * columns;
  const after = (rows - 1 - row) * columns;
  return build.reshape(build.graph.apply(padColumns, { x: y }, { before, after }), x.shape);
}

/** Rows of dy: the sum over the sequences of the first ones, and the others. */
export const concatRowsGradient: GradientRule<"ConcatRows"> = (
  build,
  { inputs: { first, x } },
  { y },
) => {
  const before = product(first.shape) as number;
  const rest = product(x.shape.slice(1)) as number;
  const rows = build.reshape(y!, [x.shape[0], before + rest]);
  const columns = (start: number, end: number): Value =>
    build.graph.apply(sliceColumns, { x: rows }, { start, end });
  return {
    first: () => build.reshape(build.sumTo(columns(0, before), [before]), first.shape),
    x: () => build.reshape(columns(before, before + rest), x.shape),
  };
};
