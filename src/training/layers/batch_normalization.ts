import type { BatchNormInputs } from "../../graph/expand_batch_normalization.ts";
import type { Value } from "../../graph/graph.ts";
import { detach, meanVarianceNormalization } from "../../graph/ops/mod.ts";
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
  { epsilon, momentum, unbiased }: BatchNormSettings,
): BatchNormOutputs {
  const channels = x.shape[x.shape.length - 1];
  const leading = x.shape.slice(0, -1);
  const rows = build.reshape(x, [product(leading), channels]);
  const moments = build.graph.applyAll(meanVarianceNormalization, { x: rows }, { epsilon });
  const normalized = build.reshape(moments.y, x.shape);
  const [mean, variance] = [moments.mean, moments.variance]
    .map((value) => build.graph.apply(detach, { x: value }));
  const m = unbiased ? build.count(leading, "Batch normalisation") : 0;
  const running = (old: Value, now: Value, factor: number): Value =>
    build.add(build.scale(old, 1 - momentum), build.scale(now, momentum * factor));
  return {
    y: build.add(build.mul(normalized, scale), bias),
    mean,
    variance,
    runningMean: running(runningMean, mean, 1),
    runningVariance: running(runningVariance, variance, m > 1 ? m / (m - 1) : 1),
  };
}
