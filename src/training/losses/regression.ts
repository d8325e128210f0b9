/** Losses of numbers against numbers, each the mean over all elements. */
import type { Value } from "../../graph/graph.ts";
import { detach, less, minimum, reduceMax, where } from "../../graph/ops/mod.ts";
import { product } from "../../graph/extent.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** `(x − t)²`. */
export function meanSquaredError(build: NodeBuilder, x: Value, target: Value): Value {
  return mean(build, build.unary(build.sub(x, target), "square"));
}

/** `|x − t|`; its gradient is 0 at 0. */
export function meanAbsoluteError(build: NodeBuilder, x: Value, target: Value): Value {
  return mean(build, absoluteError(build, x, target));
}

/** `e²/2` where e = |x − t| ≤ δ, else `δ·(e − δ/2)`: with q = min(e, δ), `q·(e − q/2)`. */
export function huber(build: NodeBuilder, x: Value, target: Value, delta: number): Value {
  const error = absoluteError(build, x, target);
  const q = build.graph.apply(minimum, { a: error, b: build.scalar(delta) });
  return mean(build, build.mul(q, build.sub(error, build.scale(q, 0.5))));
}

/** `e` where e = |x − t| ≤ c, else `(e² + c²)/(2c)`; c = share·max e is a constant to differentiation. */
export function berHu(build: NodeBuilder, x: Value, target: Value, share: number): Value {
  const { graph } = build;
  const error = absoluteError(build, x, target);
  const largest = graph.apply(reduceMax, { x: build.reshape(error, [product(error.shape), 1]) });
  const c = graph.apply(detach, { x: build.scale(largest, share) });
  const square = build.add(build.unary(error, "square"), build.mul(c, c));
  const above = build.div(square, build.scale(c, 2));
  const condition = graph.apply(less, { a: build.scale(error, -1), b: build.scale(c, -1) });
  return mean(build, graph.apply(where, { condition, a: above, b: error }));
}

/** `−t·ln σ(x) − (1 − t)·ln(1 − σ(x))` as `softplus(x) − x·t`. */
export function binaryCrossEntropy(build: NodeBuilder, x: Value, target: Value): Value {
  return mean(build, build.sub(build.unary(x, "softplus"), build.mul(x, target)));
}

function absoluteError(build: NodeBuilder, x: Value, target: Value): Value {
  return build.unary(build.sub(x, target), "abs");
}

function mean(build: NodeBuilder, terms: Value): Value {
  return build.scale(build.sum(terms), 1 / build.count(terms.shape, "The mean of a loss"));
}
