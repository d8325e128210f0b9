import type { FewbitError } from "../../errors.ts";
import { CodePointSet } from "../unicode/code_point_set.ts";
import { posix, property, shorthand, unsupported, withoutCase } from "./_classes.ts";
import { escapedCode, propertyAt } from "./_escapes.ts";

const NOTHING = new CodePointSet([]);

/** A class and where the pattern goes on. */
export interface ParsedClass {
  readonly set: CodePointSet;
  readonly end: number;
}

/** What may stand between brackets: a set, or a code point that may begin a range. */
type Item = { readonly set: CodePointSet } | { readonly code: number };

/** `[…]` after its bracket: ranges, shorthands, properties, classes in classes, and `&&`. */
export function parseClass(
  pattern: string,
  start: number,
  ignoreCase: boolean,
  invalid: (what: string) => FewbitError,
): ParsedClass {
  let at = start;
  let depth = 0;

  function parse(): CodePointSet {
    if (++depth > 16) throw invalid("more than 16 classes in each other");
    const negative = pattern[at] === "^";
    if (negative) at++;
    const sides: CodePointSet[] = [];
    let set = NOTHING;
    let cased = false;
    // A ] that comes first is a member.
    for (let first = true; pattern[at] !== "]" || first; first = false) {
      if (at >= pattern.length) throw invalid("a [ without ]");
      if (pattern.startsWith("&&", at)) {
        at += 2;
        sides.push(set);
        set = NOTHING;
        continue;
      }
      const item = next();
      if ("set" in item) {
        set = set.union(item.set);
        continue;
      }
      const last = rangeEnd(item.code);
      if (last < item.code) throw invalid("a range that goes down");
      if (ignoreCase) {
        if (last > 127) throw unsupported("(?i) with letters beyond ASCII");
        for (let code = item.code; code <= last; code++) {
          const both = withoutCase(code);
          cased ||= both.bounds.length > 2;
          set = set.union(both);
        }
      } else {
        set = set.union(CodePointSet.of([item.code, last]));
      }
    }
    at++;
    depth--;
    if (negative && cased) throw unsupported("(?i) with letters in [^…]");
    set = sides.reduce((all, side) => all.intersection(side), set);
    return negative ? set.complement() : set;
  }

  /** The end of a range that begins with a code point, which is itself where there is none. */
  function rangeEnd(code: number): number {
    if (pattern[at] !== "-" || pattern[at + 1] === "]") return code;
    at++;
    const item = next();
    if ("set" in item) throw invalid("a range that ends with a class");
    return item.code;
  }

  function next(): Item {
    const named = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(at, at + 20));
    if (named !== null) {
      at += named[0].length;
      const set = named[2] === "punct" ? property("P").union(property("S")) : posix(named[2]);
      if (set === undefined) throw unsupported(`the class [:${named[2]}:]`);
      return { set: named[1] === "^" ? set.complement() : set };
    }
    if (pattern[at] === "[") {
      at++;
      return { set: parse() };
    }
    if (pattern[at] === "\\") return escape();
    const code = pattern.codePointAt(at);
    if (code === undefined) throw invalid("a [ without ]");
    at += code > 0xffff ? 2 : 1;
    return { code };
  }

  function escape(): Item {
    at++;
    const named = propertyAt(pattern, at);
    if (named !== undefined) {
      if (ignoreCase) throw unsupported("(?i) with \\p");
      at = named.end;
      return { set: named.set };
    }
    if (at >= pattern.length) throw invalid("a \\ at the end");
    const short = shorthand(pattern[at], true);
    if (short !== undefined) {
      if (ignoreCase && /[wW]/.test(pattern[at])) throw unsupported("(?i) with \\w");
      at++;
      return { set: short };
    }
    if (pattern[at] === "b") {
      at++;
      return { code: 8 };
    }
    const { code, end } = escapedCode(pattern, at);
    at = end;
    return { code };
  }

  const set = parse();
  return { set, end: at };
}
