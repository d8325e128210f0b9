/** Quantisation in float: values move to a grid and back, straight through, with ranges that are learned. */
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import { maximum, minimum } from "../../graph/ops/mod.ts";

/** Least and most of codes. */
export interface CodeRange {
  readonly least: number;
  readonly most: number;
}

/** Codes of so many bits from 0 on. */
export function unsignedCodes(bits: number): CodeRange {
  return { least: 0, most: 2 ** bits - 1 };
}

/** Codes of so many bits on both sides of 0, as many on each. */
export function symmetricCodes(bits: number): CodeRange {
  return { least: 1 - 2 ** (bits - 1), most: 2 ** (bits - 1) - 1 };
}

/** Where a grid lies: one scale and code of 0, or such that they repeat along x as in `Mul`. */
export interface LearnedGrid {
  readonly scale: Value;
  /** The code of 0, a whole number or not. Default: 0. */
  readonly zero?: Value;
}

/**
 * `(clamp(round(x/scale) + zero, least, most) − zero)·scale`, half to even. The rounding is straight through, and what
 * is clamped passes nothing to x, so that gradients are those of LSQ+ (Bhalgat et al., 2020): inside `1`,
 * `round(x/scale) − x/scale` and `0` for x, scale and zero, outside `0`, `bound − zero` and `−scale`.
 */
export function fakeQuantize(
  build: NodeBuilder,
  x: Value,
  { scale, zero }: LearnedGrid,
  { least, most }: CodeRange,
): Value {
  const rounded = build.unary(build.div(x, scale), "round");
  // Bounds move instead of codes: what is inside meets no zero, and cancels exactly.
  const bound = (code: number): Value =>
    zero === undefined ? build.scalar(code) : build.shift(build.scale(zero, -1), code);
  return build.mul(clamp(build, rounded, bound(least), bound(most)), scale);
}

/** `min(max(x, low), high)`; a bound that is met exactly passes gradients to x. */
export function clamp({ graph }: NodeBuilder, x: Value, low: Value, high: Value): Value {
  return graph.apply(minimum, { a: graph.apply(maximum, { a: x, b: low }), b: high });
}

/** How a range is learned: as scale and zero themselves, or as the logarithm of the scale and a zero that is a code. */
export type RangeKind = "raw" | "log";

/** What is learned of a range: the scale or its logarithm, and the zero. */
export interface RangeParameters {
  readonly scale: Value;
  readonly zero?: Value;
}

/** The grid of parameters. Of a `log` range the zero is rounded and kept a code, straight through. */
export function learnedGrid(
  build: NodeBuilder,
  kind: RangeKind,
  { scale, zero }: RangeParameters,
  { least, most }: CodeRange,
): LearnedGrid {
  if (kind === "raw") return zero === undefined ? { scale } : { scale, zero };
  const positive = build.unary(scale, "exp");
  if (zero === undefined) return { scale: positive };
  const code = build.unary(zero, "round");
  return {
    scale: positive,
    zero: clamp(build, code, build.scalar(least), build.scalar(most)),
  };
}
