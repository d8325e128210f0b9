import { FewbitError } from "../../errors.ts";
import type { Budget } from "../budget.ts";
import { compile } from "./_compile.ts";
import { widthOf } from "./_node.ts";
import { parsePattern } from "./_parse.ts";

/** A part of a text, and whether it is a match. The parts of a text cover it. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly matches: boolean;
}

/**
 * A pattern of tokenizer.json, with the meaning that Oniguruma gives it in the Rust tokenizers, on the
 * tables of `src/text/unicode`: the same on every host, and in a bounded number of steps.
 */
export class Pattern {
  readonly #find: (
    text: string,
    from: number,
    budget: Budget,
  ) => readonly [number, number] | undefined;

  /** Whether it may match nothing, as `x*` does. */
  readonly matchesNothing: boolean;

  private constructor(find: Pattern["findFrom"], matchesNothing: boolean) {
    this.#find = find;
    this.matchesNothing = matchesNothing;
  }

  /** Reads a pattern; throws `unsupported` for what tokenizers do not use, `invalid_file` for what is none. */
  static of(pattern: string): Pattern {
    const node = parsePattern(pattern);
    const matcher = compile(node);
    return new Pattern((text, from, budget) => {
      const input = { text, budget };
      for (let at = from; at <= text.length; at++) {
        // Not between the halves of a surrogate pair.
        if (at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00) continue;
        budget.spend(1);
        const end = matcher(input, at, (end) => end);
        if (end >= 0) return [at, end];
      }
      return undefined;
    }, widthOf(node)[0] === 0);
  }

  /** A text that stands for itself. */
  static literal(literal: string): Pattern {
    return new Pattern((text, from, budget) => {
      const at = text.indexOf(literal, from);
      budget.spend((at < 0 ? text.length : at) - from + 1);
      return at < 0 ? undefined : [at, at + literal.length];
    }, literal === "");
  }

  /** The first match that begins at a place or after it. */
  findFrom(text: string, from: number, budget: Budget): readonly [number, number] | undefined {
    return this.#find(text, from, budget);
  }

  /** Cuts a text into matches and what is between them. An empty match at the end of another one is none. */
  parts(text: string, budget: Budget): Part[] {
    const parts: Part[] = [];
    let [from, end, matched] = [0, 0, false];
    try {
      while (from <= text.length) {
        const found = this.#find(text, from, budget);
        if (found === undefined) break;
        const [start, stop] = found;
        if (start === stop && matched && stop === end) {
          from += (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1;
          continue;
        }
        if (start > end) parts.push({ start: end, end: start, matches: false });
        parts.push({ start, end: stop, matches: true });
        from = end = stop;
        matched = true;
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FewbitError("limit_exceeded", "Cannot encode: a match of a pattern is too long", {
        cause: error,
      });
    }
    if (end < text.length) parts.push({ start: end, end: text.length, matches: false });
    return parts;
  }
}
