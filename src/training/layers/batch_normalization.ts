import type { BatchNormInputs } from "../../graph/expand_batch_normalization.ts";
import type { Value } from "../../graph/graph.ts";
import {
  batchMoments,
  detach,
  meanVarianceNormalization,
  normalizeBatch,
} from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";
import { product } from "../../graph/extent.ts";

/** Settings of a batch normalisation. */
export interface BatchNormSettings {
  /** Added to variances. */
  readonly epsilon: number;
  /** The share of the batch in the running statistics: PyTorch's momentum, 1 − that of ONNX and Keras. */
  readonly momentum: number;
  /** Whether the running variance takes that of the batch times M/(M − 1), as PyTorch does. */
  readonly unbiased: boolean;
  /** Whether it is one step from x to y, so that normalised values are not kept: they are computed again from x. */
  readonly isFused?: boolean;
}

/** A result and the statistics after the batch. */
export interface BatchNormOutputs {
  readonly y: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly runningMean: Value;
  readonly runningVariance: Value;
}

/** Batch normalisation with the statistics of the batch, which gradients flow through. */
export function trainedBatchNormalization(
  build: NodeBuilder,
  { x, scale, bias, mean: runningMean, variance: runningVariance }: BatchNormInputs,
  { epsilon, momentum, unbiased, isFused = false }: BatchNormSettings,
): BatchNormOutputs {
  const channels = x.shape[x.shape.length - 1];
  const leading = x.shape.slice(0, -1);
  const rows = build.reshape(x, [product(leading), channels]);
  const of = { rows, shape: x.shape, scale, bias, epsilon };
  const { y, ...moments } = isFused ? normalizedAtOnce(build, of) : normalizedInSteps(build, of);
  const [mean, variance] = [moments.mean, moments.variance]
    .map((value) => build.graph.apply(detach, { x: value }));
  const m = unbiased ? build.count(leading, "Batch normalisation") : 0;
  const running = (old: Value, now: Value, factor: number): Value =>
    build.add(build.scale(old, 1 - momentum), build.scale(now, momentum * factor));
  return {
    y,
    mean,
    variance,
    runningMean: running(runningMean, mean, 1),
    runningVariance: running(runningVariance, variance, m > 1 ? m / (m - 1) : 1),
  };
}

/** What is normalised: x as rows of channels. */
interface Normalized {
  readonly rows: Value;
  readonly shape: Value["shape"];
  readonly scale: Value;
  readonly bias: Value;
  readonly epsilon: number;
}

/** Normalised rows are a value of their own, which gradients read. */
function normalizedInSteps(
  build: NodeBuilder,
  { rows, shape, scale, bias, epsilon }: Normalized,
) {
  const moments = build.graph.applyAll(meanVarianceNormalization, { x: rows }, { epsilon });
  const normalized = build.reshape(moments.y, shape);
  const { mean, variance } = moments;
  return { y: build.add(build.mul(normalized, scale), bias), mean, variance };
}

function normalizedAtOnce(
  build: NodeBuilder,
  { rows: x, shape, scale, bias, epsilon }: Normalized,
) {
  const { graph } = build;
  const { mean, variance, inverse } = graph.applyAll(batchMoments, { x }, { epsilon });
  const y = graph.apply(normalizeBatch, { x, mean, inverse, scale, bias });
  return { y: build.reshape(y, shape), mean, variance };
}
