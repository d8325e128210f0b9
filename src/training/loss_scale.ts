/**
 * Dynamic scaling of a loss: gradients of float16 are those of the loss times a power of two, so that small ones are not lost. Where
 * one is not finite, the step is left out and the scale halved; after some good steps in a row it is doubled.
 */
import type { Graph, Value } from "../graph/graph.ts";
import type { NodeBuilder } from "../graph/node_builder.ts";
import { allFinite, assign, less } from "../graph/ops/mod.ts";

/** How a loss is scaled. */
export interface LossScale {
  /** At first, a power of two. Default 2^16. */
  readonly initial?: number;
  /** Good steps in a row behind which it is doubled; 0: it stays. Default 200. */
  readonly interval?: number;
}

/** Names of the scale, and of the good steps since it changed. */
export const SCALE = "train.scale", GOOD_STEPS = "train.good_steps";

/** The scale stays from 1 to this. */
const MOST = 2 ** 24;

/** A loss that is scaled. */
export class ScaledLoss {
  /** What the gradient of the loss is multiplied with. */
  readonly scale: Value;
  readonly #build: NodeBuilder;
  readonly #good: Value;
  readonly #interval: number;

  constructor(build: NodeBuilder, { initial = 2 ** 16, interval = 200 }: LossScale) {
    const { graph } = build;
    this.#build = build;
    this.#interval = interval;
    this.scale = graph.state(SCALE, "f32", [1], Float32Array.of(initial));
    this.#good = graph.state(GOOD_STEPS, "f32", [1]);
  }

  /** The gradients of the loss itself, and 1 where all of them are finite, else 0. */
  unscaled(gradients: readonly Value[]): { readonly gradients: Value[]; readonly finite: Value } {
    const build = this.#build;
    // A state that is read after it has been updated would be the new one.
    const inverse = build.div(build.scalar(1), this.scale);
    const finite = gradients
      .map((x) => build.graph.apply(allFinite, { x }))
      .reduce((a, b) => build.mul(a, b));
    return { gradients: gradients.map((gradient) => build.mul(gradient, inverse)), finite };
  }

  /** Updates the scale behind a step. */
  update(finite: Value, entry: string): void {
    const [build, { graph }] = [this.#build, this.#build];
    const count = build.mul(build.shift(this.#good, 1), finite);
    const grows = this.#interval === 0
      ? build.scalar(0)
      : graph.apply(less, { a: build.scalar(this.#interval - 1), b: count });
    const larger = this.#least(build.scale(this.scale, 2), MOST);
    const smaller = build.scale(this.#least(build.scale(this.scale, -0.5), -1), -1);
    const good = build.select(grows, larger, build.shift(this.scale, 0));
    const scale = build.select(finite, good, smaller);
    const steps = build.select(grows, build.scalar(0), count);
    assignTo(graph, this.scale, scale, entry);
    assignTo(graph, this.#good, steps, entry);
  }

  /** The smaller of a value and a number. */
  #least(x: Value, most: number): Value {
    const { graph } = this.#build;
    const number = this.#build.scalar(most);
    const condition = graph.apply(less, { a: x, b: number });
    return this.#build.select(condition, x, number);
  }
}

function assignTo(graph: Graph, state: Value, x: Value, entry: string): void {
  graph.update(graph.apply(assign, { state, x }), entry);
}
