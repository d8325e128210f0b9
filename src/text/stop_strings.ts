import { FewbitError } from "../errors.ts";

/** How many stop strings there may be, and how long each may be in UTF-16 code units. */
const MAX_STOPS = 16;
const MAX_LENGTH = 128;

/** What came out of a piece of text. */
export interface StopResult {
  /** Text that belongs to the answer. */
  readonly text: string;
  /** The stop string that ended the answer, if one did. */
  readonly stopped?: string;
}

/**
 * Finds stop strings in a text that comes in pieces. It holds back the longest end of the text that a
 * stop string could begin with, so that no part of a stop string is ever handed out. How the text is
 * cut into pieces makes no difference: the stop string that is complete first ends the text, and of
 * those that end at the same place the longest.
 *
 * @example
 * ```ts
 * import { StopStrings } from "@fewbit/fewbit";
 *
 * const stops = new StopStrings(["\nUser:"]);
 * console.log(stops.push("Fine.\nUs")); // { text: "Fine." }
 * console.log(stops.push("er: and")); // { text: "", stopped: "\nUser:" }
 * ```
 */
export class StopStrings {
  readonly #stops: readonly string[];
  readonly #longest: number;
  #pending: string;

  /**
   * Takes at most 16 stop strings of 1 to 128 UTF-16 code units, and the text that was held back where
   * a saved session continues. Throws `invalid_argument`.
   */
  constructor(stops: readonly string[], pending = "") {
    checkStops(stops);
    // Longest first: of those that end at the same place this one begins first.
    this.#stops = [...new Set(stops)].sort((a, b) => b.length - a.length);
    this.#longest = this.#stops[0]?.length ?? 0;
    if (this.#heldBack(pending) !== pending.length) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot continue: the text held back is ${
          JSON.stringify(pending)
        }, which no stop string begins with`,
      );
    }
    this.#pending = pending;
  }

  /** The text that is held back, less than the longest stop string: what to save. */
  get pending(): string {
    return this.#pending;
  }

  /** Takes the next piece. After a stop nothing is held back, and what followed it is dropped. */
  push(text: string): StopResult {
    const all = this.#pending + text;
    const found = this.#find(all);
    if (found !== undefined) {
      this.#pending = "";
      return { text: all.slice(0, found.start), stopped: found.stop };
    }
    const keep = all.length - this.#heldBack(all);
    this.#pending = all.slice(keep);
    return { text: all.slice(0, keep) };
  }

  /** The text has ended: what was held back belongs to it. */
  flush(): string {
    const text = this.#pending;
    this.#pending = "";
    return text;
  }

  #find(text: string): { start: number; stop: string } | undefined {
    let found: { start: number; stop: string; end: number } | undefined;
    for (const stop of this.#stops) {
      const start = text.indexOf(stop);
      const end = start + stop.length;
      if (start >= 0 && (found === undefined || end < found.end)) found = { start, stop, end };
    }
    return found;
  }

  /** Length of the longest end of the text that is a stop string's beginning, but not all of it. */
  #heldBack(text: string): number {
    for (let length = Math.min(this.#longest - 1, text.length); length > 0; length--) {
      const end = text.slice(text.length - length);
      if (this.#stops.some((stop) => stop.length > length && stop.startsWith(end))) return length;
    }
    return 0;
  }
}

function checkStops(stops: readonly string[]): void {
  if (!Array.isArray(stops) || stops.length > MAX_STOPS) {
    const given = Array.isArray(stops) ? `${stops.length} stop strings` : typeof stops;
    throw new FewbitError(
      "invalid_argument",
      `Cannot look for stop strings: stop is ${given}, expected an array of at most ${MAX_STOPS}`,
    );
  }
  for (const [i, stop] of stops.entries()) {
    const given = typeof stop === "string" ? `of length ${stop.length}` : `a ${typeof stop}`;
    if (typeof stop !== "string" || stop.length < 1 || stop.length > MAX_LENGTH) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot look for stop strings: stop[${i}] is ${given}, expected a string of 1 to ${MAX_LENGTH} code units`,
      );
    }
    if (!stop.isWellFormed()) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot look for stop strings: stop[${i}] has half of a surrogate pair, expected whole code points`,
      );
    }
  }
}
