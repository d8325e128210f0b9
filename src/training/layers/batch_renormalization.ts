import type { Value } from "../../graph/graph.ts";
import { product } from "../../graph/extent.ts";
import { detach, maximum, meanVarianceNormalization, minimum } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** What Batch Renorm reads: running standard deviations, not variances. */
export interface BatchRenormInputs {
  /** `[…, C]`, channels last. */
  readonly x: Value;
  /** Scale of each channel. */
  readonly scale: Value;
  /** What is added to each channel. */
  readonly bias: Value;
  /** Mean of each channel so far. */
  readonly runningMean: Value;
  /** Standard deviation of each channel so far. */
  readonly runningDeviation: Value;
}

/** Settings of Batch Renorm. */
export interface BatchRenormSettings {
  /** Added to the variance of the batch. */
  readonly epsilon: number;
  /** Largest ratio of the deviations, and 1 over the smallest. */
  readonly mostRatio: number;
  /** Largest difference of the means in running deviations. */
  readonly mostShift: number;
  /** The share of the batch in the running statistics. */
  readonly rate: number;
}

/** A result and the statistics after the batch. */
export interface BatchRenormOutputs {
  /** The result. */
  readonly y: Value;
  /** r of each channel. */
  readonly ratio: Value;
  /** d of each channel. */
  readonly shift: Value;
  /** The running mean after the batch. */
  readonly runningMean: Value;
  /** The running standard deviation after the batch. */
  readonly runningDeviation: Value;
}

/**
 * Batch Renorm (Ioffe 2017): `y = scale·(x̂·r + d) + bias`, `r = clip(σ / σ_running, 1/r_max, r_max)`,
 * `d = clip((μ − μ_running) / σ_running, −d_max, d_max)`, both constants to differentiation.
 */
export function batchRenormalization(
  build: NodeBuilder,
  { x, scale, bias, runningMean, runningDeviation }: BatchRenormInputs,
  { epsilon, mostRatio, mostShift, rate }: BatchRenormSettings,
): BatchRenormOutputs {
  const channels = x.shape[x.shape.length - 1];
  const rows = build.reshape(x, [product(x.shape.slice(0, -1)), channels]);
  const moments = build.graph.applyAll(meanVarianceNormalization, { x: rows }, { epsilon });
  const [mean, variance] = [moments.mean, moments.variance]
    .map((value) => build.graph.apply(detach, { x: value }));
  const deviation = build.unary(build.shift(variance, epsilon), "sqrt");
  const clip = (value: Value, least: number, most: number): Value => {
    const bounded = build.graph.apply(minimum, { a: value, b: build.scalar(most) });
    return build.graph.apply(maximum, { a: bounded, b: build.scalar(least) });
  };
  const difference = build.sub(mean, runningMean);
  const ratio = clip(build.div(deviation, runningDeviation), 1 / mostRatio, mostRatio);
  const shift = clip(build.div(difference, runningDeviation), -mostShift, mostShift);
  const moved = build.add(build.mul(build.reshape(moments.y, x.shape), ratio), shift);
  const step = (old: Value, change: Value): Value => build.add(old, build.scale(change, rate));
  return {
    y: build.add(build.mul(moved, scale), bias),
    ratio,
    shift,
    runningMean: step(runningMean, difference),
    runningDeviation: step(runningDeviation, build.sub(deviation, runningDeviation)),
  };
}
