/** Clipping of gradients, and moving averages of parameters. */
import type { Value } from "../../graph/graph.ts";
import { maximum, minimum } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** Gradients with a norm of at most some number, and the norm that they had. */
export interface ClippedByNorm {
  readonly gradients: readonly Value[];
  readonly norm: Value;
  readonly factor: Value;
}

/** What PyTorch adds to a norm before it divides by it. */
const NORM_EPSILON = 1e-6;

/** Multiplies all gradients with `min(1, most / (norm + 1e-6))`, the norm over all of them. */
export function clipByNorm(
  build: NodeBuilder,
  gradients: readonly Value[],
  most: number,
): ClippedByNorm {
  const squares = gradients.map((g) => build.sum(build.unary(g, "square")));
  const norm = build.unary(squares.reduce((a, b) => build.add(a, b)), "sqrt");
  const ratio = build.div(build.scalar(most), build.shift(norm, NORM_EPSILON));
  const factor = build.graph.apply(minimum, { a: ratio, b: build.scalar(1) });
  return { gradients: gradients.map((g) => build.mul(g, factor)), norm, factor };
}

/** Puts each element between −most and most. */
export function clipByValue(build: NodeBuilder, gradient: Value, most: number): Value {
  const bounded = build.graph.apply(minimum, { a: gradient, b: build.scalar(most) });
  return build.graph.apply(maximum, { a: bounded, b: build.scalar(-most) });
}

/** `decay·average + (1 − decay)·parameter`: the next moving average. */
export function movingAverage(
  build: NodeBuilder,
  average: Value,
  parameter: Value,
  decay: number,
): Value {
  return build.add(build.scale(average, decay), build.scale(parameter, 1 - decay));
}
