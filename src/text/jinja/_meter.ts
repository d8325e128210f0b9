import { exhausted } from "./_errors.ts";
import { Range, Tuple, View } from "./_values.ts";
import type { Value } from "./_values.ts";

/** Steps of a rendering: one for each expression and each turn of a loop, one for each 16 items or characters. */
const MAX_STEPS = 4_000_000;
/** The longest text or list. */
const MAX_LENGTH = 2 ** 24;
/** Calls in each other. */
const MAX_DEPTH = 200;

/** What a rendering may cost: templates come with models, and some never end or double their output. */
export class Meter {
  #steps = 0;
  #depth = 0;

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > MAX_STEPS) throw exhausted(`takes more than ${MAX_STEPS} steps`);
  }

  /** Counts what is about to be made. */
  length(length: number): void {
    if (length > MAX_LENGTH) throw exhausted(`makes a value of more than ${MAX_LENGTH} parts`);
    this.step(length / 16);
  }

  /** Counts what is about to be read. */
  reads(...values: readonly (Value | undefined)[]): void {
    for (const value of values) {
      if (typeof value === "string") this.step(value.length / 16);
      else if (Array.isArray(value)) this.step(value.length / 16);
      else if (value instanceof Map) this.step(value.size / 16);
      else if (value instanceof Range) this.step(value.length / 16);
      else if (value instanceof Tuple || value instanceof View) this.step(value.items.length / 16);
    }
  }

  text(text: string): string {
    this.length(text.length);
    return text;
  }

  list<T>(items: T[]): T[] {
    this.length(items.length);
    return items;
  }

  /** A call inside a call inside a call. */
  deeper<T>(work: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw exhausted(`calls itself more than ${MAX_DEPTH} times`);
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }
}
