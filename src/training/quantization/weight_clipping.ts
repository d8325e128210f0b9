/** Learnable weight clipping (OmniQuant, Shao et al., 2024): how much of a weight's range its grid covers is learned. */
import type { Value } from "../../graph/graph.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import { detach, maximum, reduceMax } from "../../graph/ops/mod.ts";
import { LEAST_SCALE } from "../../numeric/grid.ts";
import { fakeQuantize } from "./fake_quantization.ts";

/** Logits of the parts of a range that are kept: σ of 4 is 0.982. */
export interface ClippingLogits {
  /** Of the largest element, `[rows, 1]` or `[1]`. */
  readonly high: Value;
  /** Of the least one, as many. */
  readonly low: Value;
}

/** How weights lie on a grid. */
export interface WeightGrid {
  readonly bits: number;
  /** Codes on both sides of 0 and no code of 0. */
  readonly symmetric?: boolean;
  /** The range of all rows is one. */
  readonly perTensor?: boolean;
  /** Ranges hold 0, whatever the elements are. Default true. */
  readonly holdsZero?: boolean;
}

/** What becomes of a weight. */
export interface ClippedWeight {
  /** On the grid. */
  readonly weight: Value;
  /** `[rows, 1]`, or `[1]`. */
  readonly scale: Value;
  /** The code of 0, without a gradient; absent of symmetric grids. */
  readonly zero?: Value;
}

/**
 * A weight `[N, K]` on the grid of its clipped range: `high = σ(u)·max`, `low = σ(l)·min`, `scale = (high − low)/Q`,
 * `zero = −round(low/scale)`, or `scale = max(|high|, |low|)/Q`. The gradient of the extremes goes to the elements that
 * attain them, in equal parts.
 */
export function clipWeight(
  build: NodeBuilder,
  weight: Value,
  logits: ClippingLogits,
  { bits, symmetric = false, perTensor = false, holdsZero = true }: WeightGrid,
): ClippedWeight {
  const { graph } = build;
  const [n, k] = weight.shape;
  const largest = (x: Value): Value =>
    perTensor
      ? graph.apply(reduceMax, { x: build.reshape(x, [build.count([n, k], "A range"), 1]) })
      : graph.apply(reduceMax, { x: build.reshape(x, [n, k, 1]) });
  const atLeast = (x: Value, least: number): Value =>
    graph.apply(maximum, { a: x, b: build.scalar(least) });
  const bounded = (x: Value): Value => holdsZero ? atLeast(x, 0) : x;
  const kept = (extreme: Value, logit: Value): Value =>
    build.mul(extreme, build.unary(logit, "sigmoid"));
  const high = kept(bounded(largest(weight)), logits.high);
  // −low: the least element is the largest one of −w.
  const low = kept(bounded(largest(build.scale(weight, -1))), logits.low);
  if (symmetric) {
    const most = 2 ** (bits - 1) - 1;
    const size = (x: Value): Value => build.unary(x, "abs");
    const span = graph.apply(maximum, { a: size(high), b: size(low) });
    const scale = atLeast(build.div(span, build.scalar(most)), LEAST_SCALE);
    return { weight: fakeQuantize(build, weight, { scale }, { least: -most - 1, most }), scale };
  }
  const most = 2 ** bits - 1;
  const scale = atLeast(build.div(build.add(high, low), build.scalar(most)), LEAST_SCALE);
  const zero = graph.apply(detach, { x: build.unary(build.div(low, scale), "round") });
  return { weight: fakeQuantize(build, weight, { scale, zero }, { least: 0, most }), scale, zero };
}
