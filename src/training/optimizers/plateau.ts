import type { Value } from "../../graph/graph.ts";
import { less, maximum, where } from "../../graph/ops/mod.ts";
import type { NodeBuilder } from "../../graph/node_builder.ts";

/** When a rate falls because a loss does not: PyTorch's ReduceLROnPlateau. */
export interface PlateauSettings {
  /** What the rate is multiplied with. */
  readonly factor: number;
  /** Steps without an improvement that are waited for. */
  readonly patience: number;
  /** The share of the best loss that a better one is below it. */
  readonly threshold: number;
  /** Steps after a change in which none are counted. */
  readonly cooldown: number;
  /** The least rate. */
  readonly min: number;
}

/** A rate that falls where the losses of steps do not fall any more. */
export interface PlateauSchedule extends PlateauSettings {
  /** What marks it among the schedules. */
  readonly kind: "plateau";
}

/** What is known of the losses so far, each `[1]`. */
export interface PlateauState {
  /** The rate; at first the largest. */
  readonly rate: Value;
  /** The least loss; at first infinity. */
  readonly best: Value;
  /** Steps since the last improvement. */
  readonly bad: Value;
  /** Steps of the cooldown that are left. */
  readonly cooling: Value;
}

/** Smaller changes of a rate are not made. */
const LEAST_CHANGE = 1e-8;

/** The state after a loss. */
export function afterLoss(
  build: NodeBuilder,
  { rate, best, bad, cooling }: PlateauState,
  loss: Value,
  { factor, patience, threshold, cooldown, min }: PlateauSettings,
): PlateauState {
  const { graph } = build;
  const choose = (condition: Value, a: Value, b: Value): Value =>
    graph.apply(where, { condition, a, b });
  const isLess = (a: Value, b: Value): Value => graph.apply(less, { a, b });
  const zero = build.scalar(0);
  const isBetter = isLess(loss, build.scale(best, 1 - threshold));
  const isCooling = isLess(zero, cooling);
  const counted = choose(isBetter, zero, build.shift(bad, 1));
  const waited = choose(isCooling, zero, counted);
  const rest = choose(isCooling, build.shift(cooling, -1), cooling);
  const isOver = isLess(build.scalar(patience), waited);
  const smaller = graph.apply(maximum, { a: build.scale(rate, factor), b: build.scalar(min) });
  const isWorth = isLess(build.scalar(LEAST_CHANGE), build.sub(rate, smaller));
  return {
    rate: choose(isOver, choose(isWorth, smaller, rate), rate),
    best: choose(isBetter, loss, best),
    bad: choose(isOver, zero, waited),
    cooling: choose(isOver, build.scalar(cooldown), rest),
  };
}
