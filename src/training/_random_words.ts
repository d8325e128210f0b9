/** The words of a step's random numbers: seed, step and first element. */
import type { Graph, Value } from "../graph/graph.ts";
import { accumulate } from "../graph/ops/mod.ts";
import { high, low } from "../numeric/random_word.ts";

/** Name of the words; of a step of several runs there are some for each number of elements. */
export const RANDOM = "train.random";

/**
 * States with the words. In a step of several runs elements are counted on from run to run, so that the same ones are
 * dropped as in one run of all examples.
 */
export class RandomWords {
  readonly #graph: Graph;
  readonly #seed: number;
  readonly #times: number;
  readonly #states = new Map<number, Value>();

  constructor(graph: Graph, seed: number, times: number, name: string = RANDOM) {
    this.#graph = graph;
    this.#seed = seed;
    this.#times = times;
    if (times === 1) this.#states.set(0, this.#state(name));
  }

  /** The words for a value of so many elements. */
  of(elements: number): Value {
    const key = this.#times === 1 ? 0 : elements;
    const state = this.#states.get(key) ?? this.#state(`${RANDOM}.${elements}`);
    this.#states.set(key, state);
    return state;
  }

  /** Counts elements after each run, and the step. */
  count(run: string, update: string): void {
    for (const [elements, state] of this.#states) {
      if (this.#times > 1) this.#add(state, [0, 0, 0, 0, elements, 0], run);
      this.#add(state, [0, 0, 1, 0, -elements * this.#times, 0], update);
    }
  }

  #state(name: string): Value {
    const words = Int32Array.of(low(this.#seed), high(this.#seed), 0, 0, 0, 0);
    return this.#graph.state(name, "i32", [6], words);
  }

  #add(state: Value, words: readonly number[], entry: string): void {
    const x = this.#graph.constant("", { dtype: "i32", shape: [6], data: Int32Array.from(words) });
    this.#graph.update(this.#graph.apply(accumulate, { state, x }), entry);
  }
}
