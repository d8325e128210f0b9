import type { Value } from "./_values.ts";

/** Names and their values; those around a loop or macro can be read, not set. */
export class Scope {
  readonly #names = new Map<string, Value>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    return this.#names.get(name) ?? this.#lookOutside(name);
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value);
  }

  #lookOutside(name: string): Value | undefined {
    // null is a value.
    if (this.#names.has(name)) return this.#names.get(name);
    return this.#outer?.get(name);
  }
}
