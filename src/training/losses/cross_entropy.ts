/** Cross-entropy of logits. */
import type { Value } from "../../graph/graph.ts";
import { logSoftmax, maximum, oneHot } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** How the losses of rows become one. */
export type Reduction = "mean" | "sum";

/** Settings of cross-entropy with labels. */
export interface CrossEntropySettings {
  /** `mean` is over the rows that count, by weight. Default. */
  readonly reduction?: Reduction;
  /** The share of the target that all classes get alike. Default 0. */
  readonly smoothing?: number;
  /** Weight of each class `[C]`. */
  readonly weights?: Value;
}

/** The smallest divisor of a mean: a batch of which no row counts has the loss 0. */
const LEAST_COUNT = 2 ** -24;

/** `−Σ target·ln softmax(x)` of rows `[R, C]` with labels `[R]`; a label that is no class does not count. */
export function crossEntropy(
  build: NodeBuilder,
  x: Value,
  labels: Value,
  settings: CrossEntropySettings = {},
): Value {
  return negativeLogLikelihood(build, build.graph.apply(logSoftmax, { x }), labels, settings);
}

/** As {@linkcode crossEntropy}, of logarithms of probabilities. */
export function negativeLogLikelihood(
  build: NodeBuilder,
  logProbabilities: Value,
  labels: Value,
  { reduction = "mean", smoothing = 0, weights }: CrossEntropySettings = {},
): Value {
  const { graph } = build;
  const classes = logProbabilities.shape[1] as number;
  const off = smoothing / classes;
  const weigh = (target: Value): Value =>
    weights === undefined ? target : build.mul(target, weights);
  const hot = graph.apply(oneHot, { index: labels }, { classes });
  const target = smoothing === 0
    ? hot
    : graph.apply(oneHot, { index: labels }, { classes, on: 1 - smoothing + off, off });
  const total = build.scale(build.sum(build.mul(logProbabilities, weigh(target))), -1);
  if (reduction === "sum") return total;
  const least = build.scalar(LEAST_COUNT);
  return build.div(total, graph.apply(maximum, { a: build.sum(weigh(hot)), b: least }));
}

/** Cross-entropy with a distribution over the classes for each row; the mean over the rows. */
export function softCrossEntropy(build: NodeBuilder, x: Value, target: Value): Value {
  const rows = build.count(x.shape.slice(0, -1), "The mean of a loss");
  const logs = build.graph.apply(logSoftmax, { x });
  return build.scale(build.sum(build.mul(logs, target)), -1 / rows);
}

/**
 * Distillation: `T²` times the mean over rows of `Σ p·(ln p − ln q)`, p the softmax of the teacher's logits over T, q
 * that of x over T. The teacher is a constant.
 */
export function distillation(
  build: NodeBuilder,
  x: Value,
  teacher: Value,
  temperature: number,
): Value {
  const rows = build.count(x.shape.slice(0, -1), "The mean of a loss");
  const logs = (logits: Value): Value =>
    build.graph.apply(logSoftmax, { x: build.scale(logits, 1 / temperature) });
  const target = logs(teacher);
  const terms = build.mul(build.sub(target, logs(x)), build.unary(target, "exp"));
  return build.scale(build.sum(terms), temperature * temperature / rows);
}
