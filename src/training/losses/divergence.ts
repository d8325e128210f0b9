/** Divergence from a teacher of which the likeliest classes are known. */
import type { Value } from "../../graph/graph.ts";
import { logSoftmax, maximum } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** What is known of a teacher's rows. */
export interface LikelyClasses {
  /** `[R, C]`: probabilities of the likeliest classes, 0 elsewhere. */
  readonly probabilities: Value;
  /** `[R, C]`: 0 for the likeliest classes, 1 for those that are together the last class. */
  readonly others: Value;
  /** `[R, 1]`: what these have together. */
  readonly rest: Value;
}

/** The least probability of which a logarithm is taken. */
const LEAST = 2 ** -100;

/**
 * `Σ p·(ln p − ln q)` of rows, q the softmax of logits `[R, C]`, over the likeliest classes of the teacher and one that
 * stands for all others; the mean over the rows. Others are added up, not taken from 1, which would cancel.
 */
export function likelyDivergence(
  build: NodeBuilder,
  logits: Value,
  { probabilities, others, rest }: LikelyClasses,
): Value {
  const { graph } = build;
  const rows = build.count(logits.shape.slice(0, -1), "The mean of a loss");
  const logOf = (p: Value): Value =>
    build.unary(graph.apply(maximum, { a: p, b: build.scalar(LEAST) }), "log");
  const logs = graph.apply(logSoftmax, { x: logits });
  const tail = logOf(build.sumColumns(build.mul(build.unary(logs, "exp"), others)));
  const terms = build.mul(probabilities, build.sub(logOf(probabilities), logs));
  const last = build.mul(rest, build.sub(logOf(rest), tail));
  return build.scale(build.add(build.sum(terms), build.sum(last)), 1 / rows);
}
