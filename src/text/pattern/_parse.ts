/**
 * Oniguruma's syntax, as far as patterns of tokenizers use it: the rest is refused as `unsupported`.
 *
 * @module
 */
import { FewbitError } from "../../errors.ts";
import { CodePointSet } from "../unicode/code_point_set.ts";
import { parseClass } from "./_parse_class.ts";
import { foldsTogether, shorthand, unsupported, withoutCase } from "./_classes.ts";
import { escapedCode, propertyAt } from "./_escapes.ts";
import type { Assertion, Node } from "./_node.ts";
import { widthOf } from "./_node.ts";

const MAX_PATTERN_LENGTH = 2 ** 14;
const MAX_DEPTH = 64;
const MAX_REPEAT = 1000;
/** Code points that a lookbehind may go back, at most. */
const MAX_BEHIND = 16;

const ANYTHING = new CodePointSet([]).complement();
const NO_LINE_END = CodePointSet.of([0x0a, 0x0a]).complement();

/** What `(?i)` and `(?m)` switch on. */
interface Flags {
  readonly ignoreCase: boolean;
  /** Oniguruma's `m`: `.` matches line ends. */
  readonly dotAll: boolean;
}

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: "start",
  Z: "end or last line end",
  z: "end",
  b: "word boundary",
  B: "no word boundary",
};

/** Parses a pattern. */
export function parsePattern(pattern: string): Node {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read tokenizer.json: a pattern has ${pattern.length} code units, at most ${MAX_PATTERN_LENGTH} are allowed`,
    );
  }
  return new Parser(pattern).parse();
}

/** An `invalid_file` error about a pattern. */
function invalid(pattern: string, what: string): FewbitError {
  return new FewbitError(
    "invalid_file",
    `Cannot read tokenizer.json: ${what} in the pattern ${JSON.stringify(pattern.slice(0, 100))}`,
  );
}

class Parser {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  /** The last literal, if what comes next could join it in a fold of several letters. */
  #literal = "";

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  parse(): Node {
    const node = this.#choice({ ignoreCase: false, dotAll: false });
    if (this.#at < this.#pattern.length) throw invalid(this.#pattern, "a ) without (");
    return node;
  }

  #choice(flags: Flags): Node {
    if (++this.#depth > MAX_DEPTH) {
      throw invalid(this.#pattern, "more than 64 groups in each other");
    }
    const nodes = [this.#sequence(flags)];
    while (this.#take("|")) nodes.push(this.#sequence(flags));
    this.#depth--;
    return nodes.length === 1 ? nodes[0] : { kind: "choice", nodes };
  }

  #sequence(flags: Flags): Node {
    const nodes: Node[] = [];
    this.#literal = "";
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at])) {
      const changed = this.#flagGroup(flags);
      if (changed !== undefined) {
        // (?i) holds up to the end of the group, alternatives included.
        nodes.push(this.#choice(changed));
        break;
      }
      const node = this.#atom(flags);
      if (node !== undefined) nodes.push(this.#quantified(node));
    }
    return nodes.length === 1 ? nodes[0] : { kind: "sequence", nodes };
  }

  /** `(?i)` and the like without a colon. */
  #flagGroup(flags: Flags): Flags | undefined {
    const found = /^\(\?([a-zA-Z]*)(-[a-zA-Z]+)?\)/.exec(
      this.#pattern.slice(this.#at, this.#at + 20),
    );
    if (found === null || found[0] === "(?)") return undefined;
    this.#at += found[0].length;
    return this.#flags(flags, found[1], found[2] ?? "");
  }

  #flags(flags: Flags, on: string, off: string): Flags {
    const changed = { ...flags };
    for (const [letters, value] of [[on, true], [off.slice(1), false]] as const) {
      for (const letter of letters) {
        if (letter === "i") changed.ignoreCase = value;
        else if (letter === "m") changed.dotAll = value;
        else throw unsupported(`the option (?${letter})`);
      }
    }
    return changed;
  }

  #atom(flags: Flags): Node | undefined {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group(flags);
      case "[":
        this.#literal = "";
        return this.#class(flags);
      case ".":
        return this.#set(flags.dotAll ? ANYTHING : NO_LINE_END);
      case "^":
        return this.#assertion("line start");
      case "$":
        return this.#assertion("line end");
      case "\\":
        return this.#escape(flags);
      case "*":
      case "+":
      case "?":
        throw invalid(this.#pattern, `a ${character} with nothing to repeat`);
    }
    return this.#code(character.codePointAt(0)!, flags);
  }

  #assertion(at: Assertion): Node {
    this.#literal = "";
    return { kind: "assert", at };
  }

  #set(set: CodePointSet): Node {
    this.#literal = "";
    return { kind: "set", set };
  }

  #code(code: number, flags: Flags): Node {
    const character = String.fromCodePoint(code);
    if (!flags.ignoreCase) return this.#set(CodePointSet.of([code, code]));
    if (foldsTogether(this.#literal, character)) {
      throw unsupported(`(?i) with "${this.#literal}${character}", which one letter can match`);
    }
    this.#literal = character;
    return { kind: "set", set: withoutCase(code) };
  }

  #class(flags: Flags): Node {
    const { set, end } = parseClass(
      this.#pattern,
      this.#at,
      flags.ignoreCase,
      (what) => invalid(this.#pattern, what),
    );
    this.#at = end;
    return { kind: "set", set };
  }

  #escape(flags: Flags): Node {
    const property = propertyAt(this.#pattern, this.#at);
    if (property !== undefined) {
      if (flags.ignoreCase) throw unsupported("(?i) with \\p");
      this.#at = property.end;
      return this.#set(property.set);
    }
    const letter = this.#pattern[this.#at];
    if (letter === undefined) throw invalid(this.#pattern, "a \\ at the end");
    const short = shorthand(letter);
    if (short !== undefined || letter === "N" || letter === "O") {
      if (flags.ignoreCase && /[wW]/.test(letter)) throw unsupported("(?i) with \\w");
      this.#at++;
      return this.#set(short ?? (letter === "N" ? NO_LINE_END : ANYTHING));
    }
    const assertion = ASSERTIONS[letter];
    if (assertion !== undefined) {
      this.#at++;
      return this.#assertion(assertion);
    }
    const { code, end } = escapedCode(this.#pattern, this.#at);
    this.#at = end;
    return this.#code(code, flags);
  }

  #group(flags: Flags): Node | undefined {
    this.#literal = "";
    if (!this.#take("?")) return this.#close(this.#choice(flags));
    if (this.#take("#")) {
      const end = this.#pattern.indexOf(")", this.#at);
      if (end < 0) throw invalid(this.#pattern, "a comment without end");
      this.#at = end + 1;
      return undefined;
    }
    if (this.#take(":")) return this.#close(this.#choice(flags));
    if (this.#take(">")) return { kind: "atomic", node: this.#close(this.#choice(flags)) };
    for (const [sign, behind, negative] of LOOKS) {
      if (!this.#take(sign)) continue;
      const node = this.#close(this.#choice(flags));
      if (behind && widthOf(node)[1] > MAX_BEHIND) {
        throw unsupported(`a lookbehind of more than ${MAX_BEHIND} code points`);
      }
      return { kind: "look", node, behind, negative };
    }
    const name = /^<[A-Za-z_]\w*>/.exec(this.#pattern.slice(this.#at, this.#at + 100));
    if (name !== null) {
      this.#at += name[0].length;
      return this.#close(this.#choice(flags));
    }
    const options = /^([a-zA-Z]*)(-[a-zA-Z]+)?:/.exec(this.#pattern.slice(this.#at, this.#at + 20));
    if (options === null) {
      throw unsupported(`the group (?${this.#pattern.slice(this.#at, this.#at + 3)}`);
    }
    this.#at += options[0].length;
    return this.#close(this.#choice(this.#flags(flags, options[1], options[2] ?? "")));
  }

  #close(node: Node): Node {
    if (!this.#take(")")) throw invalid(this.#pattern, "a ( without )");
    this.#literal = "";
    return node;
  }

  #quantified(node: Node): Node {
    for (;;) {
      const count = this.#count();
      if (count === undefined) return node;
      this.#literal = "";
      if (node.kind === "assert" || node.kind === "look") {
        throw unsupported("a repeated assertion");
      }
      const [min, max, braces] = count;
      const lazy = this.#take("?");
      // After braces a + repeats once more.
      const possessive = !lazy && !braces && this.#take("+");
      const repeat: Node = { kind: "repeat", node, min, max, lazy };
      node = possessive ? { kind: "atomic", node: repeat } : repeat;
    }
  }

  #count(): readonly [min: number, max: number, braces: boolean] | undefined {
    if (this.#take("*")) return [0, Infinity, false];
    if (this.#take("+")) return [1, Infinity, false];
    if (this.#take("?")) return [0, 1, false];
    const braces = /^\{(\d*)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at, this.#at + 20));
    if (braces === null || braces[1] + braces[3] === "") return undefined;
    this.#at += braces[0].length;
    const min = Number(braces[1]);
    const max = braces[2] === "" ? min : braces[3] === "" ? Infinity : Number(braces[3]);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) {
      throw unsupported(`the repetition ${braces[0]}`);
    }
    return [min, max, true];
  }

  #next(): string {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at)!);
    this.#at += character.length;
    return character;
  }

  #take(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

const LOOKS: readonly (readonly [sign: string, behind: boolean, negative: boolean])[] = [
  ["=", false, false],
  ["!", false, true],
  ["<=", true, false],
  ["<!", true, true],
];
