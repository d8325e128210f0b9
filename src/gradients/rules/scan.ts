import { mul, padColumns, scan, sliceColumns } from "../../graph/ops/mod.ts";
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import type { GradientRule } from "../rule.ts";

/**
 * `dx[t] = dy[t] + f[t+1]·dx[t+1]`, a scan the other way; `df[t] = dx[t]·y[t−1]`, where `y[−1]` is the initial row,
 * whose gradient is `dx[0]·f[0]`.
 */
export const scanGradient: GradientRule<"Scan"> = (
  build,
  { inputs: { f, initial }, attributes: { reverse = false }, outputs },
  { y },
) => {
  const backwards = (): Value =>
    build.graph.apply(scan, { f: shifted(build, f, reverse ? 1 : -1), x: y! }, {
      reverse: !reverse,
    });
  const before = (): Value => {
    const rows = shifted(build, outputs.y, reverse ? -1 : 1);
    return initial === undefined ? rows : build.add(rows, firstRow(build, initial, f, reverse));
  };
  return {
    f: () => build.mul(backwards(), before()),
    x: backwards,
    ...initial !== undefined && {
      initial: () => {
        const products = build.graph.apply(mul, { a: backwards(), b: f });
        const [rows, columns] = f.shape as number[];
        const start = reverse ? (rows - 1) * columns : 0;
        const row = build.reshape(products, [1, rows * columns]);
        const first = build.graph.apply(sliceColumns, { x: row }, { start, end: start + columns });
        return build.reshape(first, initial.shape);
      },
    },
  };
};

/** Rows `[T, C]` moved by one, zeros in the row that is free. */
function shifted(build: NodeBuilder, x: Value, by: 1 | -1): Value {
  const [rows, columns] = x.shape as number[];
  if (rows === 1) return build.scale(x, 0);
  const all = build.reshape(x, [1, rows * columns]);
  const [start, end] = by === 1 ? [0, (rows - 1) * columns] : [columns, rows * columns];
  const kept = build.graph.apply(sliceColumns, { x: all }, { start, end });
  const padding = by === 1 ? { before: columns, after: 0 } : { before: 0, after: columns };
  return build.reshape(build.graph.apply(padColumns, { x: kept }, padding), x.shape);
}

/** The initial row in the place of the first one, zeros elsewhere. */
function firstRow(build: NodeBuilder, initial: Value, f: Value, reverse: boolean): Value {
  const [rows, columns] = f.shape as number[];
  const rest = (rows - 1) * columns;
  const row = build.reshape(initial, [1, columns]);
  const padding = reverse ? { before: rest, after: 0 } : { before: 0, after: rest };
  return build.reshape(build.graph.apply(padColumns, { x: row }, padding), f.shape);
}
