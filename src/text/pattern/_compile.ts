import type { Budget } from "../budget.ts";
import type { CodePointSet } from "../unicode/code_point_set.ts";
import { patternWord } from "../unicode/properties.ts";
import type { Assertion, Look, Node, Repeat } from "./_node.ts";
import { widthOf } from "./_node.ts";

/** What is matched against. */
export interface Input {
  readonly text: string;
  readonly budget: Budget;
}

/** Goes on after a match that ends here; −1 if that fails, else where all of it ends. */
type Next = (end: number) => number;
/** Matches from a place, then goes on. */
type Matcher = (input: Input, at: number, next: Next) => number;

/** Makes functions of a pattern: a backtracking matcher whose steps are counted. */
export function compile(node: Node): Matcher {
  switch (node.kind) {
    case "set":
      return ({ text, budget }, at, next) => {
        budget.spend(1);
        const end = step(text, at, node.set);
        return end < 0 ? -1 : next(end);
      };
    case "sequence":
      return node.nodes.map(compile).reduceRight<Matcher>(
        (after, matcher) => (input, at, next) =>
          matcher(input, at, (end) => after(input, end, next)),
        (_, at, next) => next(at),
      );
    case "choice":
      return choice(node.nodes.map(compile));
    case "repeat":
      return node.node.kind === "set" ? repeatSet(node, node.node.set) : repeat(node);
    case "atomic": {
      const matcher = compile(node.node);
      return (input, at, next) => {
        const end = matcher(input, at, same);
        return end < 0 ? -1 : next(end);
      };
    }
    case "look":
      return node.behind ? behind(node) : ahead(node);
    case "assert":
      return ({ text, budget }, at, next) => {
        budget.spend(1);
        return holds(node.at, text, at) ? next(at) : -1;
      };
  }
}

const same: Next = (end) => end;

/** Where the code point at a place ends if a set has it, else −1. */
function step(text: string, at: number, set: CodePointSet): number {
  if (at >= text.length) return -1;
  const code = text.codePointAt(at)!;
  return set.has(code) ? at + (code > 0xffff ? 2 : 1) : -1;
}

function choice(matchers: readonly Matcher[]): Matcher {
  return (input, at, next) => {
    for (const matcher of matchers) {
      const end = matcher(input, at, next);
      if (end >= 0) return end;
    }
    return -1;
  };
}

/** The common case, without recursion: as many as there are, then fewer. */
function repeatSet({ min, max, lazy }: Repeat, set: CodePointSet): Matcher {
  return ({ text, budget }, at, next) => {
    let [count, end] = [0, at];
    const more = () => {
      budget.spend(1);
      const after = step(text, end, set);
      if (after < 0) return false;
      end = after;
      count++;
      return true;
    };
    while (count < (lazy ? min : max) && more());
    if (count < min) return -1;
    for (;;) {
      const found = next(end);
      if (found >= 0) return found;
      if (lazy) {
        if (count >= max || !more()) return -1;
        continue;
      }
      if (count-- <= min) return -1;
      budget.spend(1);
      end = before(text, end);
    }
  };
}

function repeat({ node, min, max, lazy }: Repeat): Matcher {
  const matcher = compile(node);
  return (input, at, next) => {
    const from = (start: number, count: number): number => {
      input.budget.spend(1);
      const once = () =>
        count >= max ? -1 : matcher(input, start, (end) =>
          // An empty match repeats no further.
          end === start && count >= min ? -1 : from(end, count + 1));
      if (count < min) return once();
      if (lazy) {
        const found = next(start);
        return found >= 0 ? found : once();
      }
      const found = once();
      return found >= 0 ? found : next(start);
    };
    return from(at, 0);
  };
}

function ahead({ node, negative }: Look): Matcher {
  const matcher = compile(node);
  return (input, at, next) => (matcher(input, at, same) >= 0) === negative ? -1 : next(at);
}

function behind({ node, negative }: Look): Matcher {
  const matcher = compile(node);
  const [min, max] = widthOf(node);
  return (input, at, next) => {
    let start = at;
    let found = false;
    for (let width = 0; width <= max && !found; width++) {
      if (width >= min) found = matcher(input, start, (end) => end === at ? end : -1) >= 0;
      if (start === 0) break;
      start = before(input.text, start);
    }
    return found === negative ? -1 : next(at);
  };
}

/** Where the code point before a place begins. */
function before(text: string, at: number): number {
  const pair = at > 1 && (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return at - (pair ? 2 : 1);
}

function holds(assertion: Assertion, text: string, at: number): boolean {
  switch (assertion) {
    case "line start":
      // Not after a line end that ends the text.
      return at === 0 || (text[at - 1] === "\n" && at < text.length);
    case "line end":
      return at === text.length || text[at] === "\n";
    case "start":
      return at === 0;
    case "end":
      return at === text.length;
    case "end or last line end":
      return at === text.length || (at === text.length - 1 && text[at] === "\n");
    case "word boundary":
      return isBoundary(text, at);
    case "no word boundary":
      return !isBoundary(text, at);
  }
}

function isBoundary(text: string, at: number): boolean {
  const words = patternWord();
  const left = at > 0 && words.has(text.codePointAt(before(text, at))!);
  return left !== (step(text, at, words) >= 0);
}
