/** Products of matrices, tables, sums and dropout of the oracle. */
import { embedding, linear, matMul } from "../../../src/graph/ops/mod.ts";
import type { Value } from "../../../src/graph/graph.ts";
import type { NodeBuilder } from "../../../src/graph/node_builder.ts";
import type { Build } from "./_oracle.ts";

/** A batch of matrices repeated to the leading extents of the product. */
function batched(build: NodeBuilder, x: Value, leading: readonly number[]): Value {
  const matrix = x.shape.slice(-2) as number[];
  const own = x.shape.slice(0, -2) as number[];
  let repeated = x;
  for (let axis = leading.length - 1; axis >= 0; axis--) {
    const place = axis - (leading.length - own.length);
    const extent = place < 0 ? 1 : own[place];
    if (extent === leading[axis]) continue;
    const inner = [...leading.slice(axis + 1), ...matrix].reduce((a, b) => a * b, 1);
    const outer = own.slice(0, Math.max(0, place)).reduce((a, b) => a * b, 1);
    repeated = build.expand(build.reshape(repeated, [outer, inner]), leading[axis]);
  }
  return build.reshape(repeated, [leading.reduce((a, b) => a * b, 1), ...matrix]);
}

/** By the oracle's name of the op. */
export const DENSE: Readonly<Record<string, Build>> = {
  Linear: (build, { x, w, b }) => ({ y: build.graph.apply(linear, { x, weight: w, bias: b }) }),
  MatMul(build, { a, b }, { trans_b }) {
    const [batchA, batchB] = [a, b].map(({ shape }) => shape.slice(0, -2) as number[]);
    const rank = Math.max(batchA.length, batchB.length);
    const leading = Array.from({ length: rank }, (_, i) => {
      const extent = (batch: number[]): number => batch[i - rank + batch.length] ?? 1;
      return Math.max(extent(batchA), extent(batchB));
    });
    const inputs = { a: batched(build, a, leading), b: batched(build, b, leading) };
    const y = build.graph.apply(matMul, inputs, { transposeB: trans_b });
    return { y: build.reshape(y, [...leading, ...y.shape.slice(-2)]) };
  },
  "Linear + LoRA"(build, { x, w, a, b }, { alpha, r }) {
    const by = (x: Value, weight: Value) => build.graph.apply(linear, { x, weight });
    return { y: build.add(by(x, w), build.scale(by(by(x, a), b), alpha / r)) };
  },
  // The ids of a program are a vector.
  Gather: (build, { table, ids }) => ({
    y: build.graph.apply(embedding, { table, index: ids }),
  }),
  Add(build, inputs) {
    const { x, p, w1, w2, w3 } = inputs;
    if (p !== undefined) return { y: build.add(x, p) };
    const by = (x: Value, weight: Value) => build.graph.apply(linear, { x, weight });
    const h = by(x, w1);
    const first = build.add(h, build.unary(by(h, w2), "tanh"));
    return { y: build.add(first, build.unary(by(h, w3), "sigmoid")) };
  },
  Mul: (build, { x }) => ({ y: build.add(build.mul(x, x), x) }),
  Dropout: (build, { x, mask }, { ratio }) => ({
    y: build.scale(build.mul(x, mask), Math.fround(1 / (1 - ratio))),
  }),
};
