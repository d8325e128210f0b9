/** Roundings and clamps whose gradient passes as it is (Bengio et al., 2013). */
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import { detach, less, maximum, minimum, straightThrough, where } from "../../graph/ops/mod.ts";

/** `value` forward, and the gradient to x. */
export function through(build: NodeBuilder, value: Value, x: Value): Value {
  return build.graph.apply(straightThrough, { value, x });
}

/** `⌊x⌋`, straight through. */
export function floorThrough(build: NodeBuilder, x: Value): Value {
  return through(build, build.unary(x, "floor"), x);
}

/** The nearest whole number, of two the even one; straight through. */
export function roundThrough(build: NodeBuilder, x: Value): Value {
  const { graph } = build;
  const low = build.unary(x, "floor");
  const rest = build.sub(x, low);
  const odd = build.sub(low, build.scale(build.unary(build.scale(low, 0.5), "floor"), 2));
  const half = build.add(build.scale(x, 0), build.scalar(0.5));
  const isBelow = graph.apply(less, { a: rest, b: half });
  const isAbove = graph.apply(less, { a: half, b: rest });
  const zero = build.scale(half, 0), one = build.scale(half, 2);
  const step = graph.apply(where, {
    condition: isBelow,
    a: zero,
    b: graph.apply(where, { condition: isAbove, a: one, b: odd }),
  });
  return through(build, build.add(low, step), x);
}

/** Clamped to `[low, high]`; the gradient passes, clamped or not. */
export function clampThrough(build: NodeBuilder, x: Value, low: number, high: number): Value {
  const { graph } = build;
  const least = graph.apply(maximum, { a: x, b: build.scalar(low) });
  return through(build, graph.apply(minimum, { a: least, b: build.scalar(high) }), x);
}

/** A constant to differentiation. */
export function constant(build: NodeBuilder, x: Value): Value {
  return build.graph.apply(detach, { x });
}
