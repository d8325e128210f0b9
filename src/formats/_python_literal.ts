/**
 * Literals of Python, as `ast.literal_eval` reads them in headers of NumPy: strings, integers, `True`,
 * `False`, `None`, tuples, lists and dicts, with any white space, line ends and comments between.
 */

/** A value. A tuple is not a list in Python, and only a tuple is a shape. */
export type PythonLiteral =
  | string
  | number
  | boolean
  | null
  | PythonTuple
  | readonly PythonLiteral[]
  | ReadonlyMap<PythonLiteral, PythonLiteral>;

/** A tuple. */
export class PythonTuple {
  /** Makes a tuple. */
  constructor(readonly items: readonly PythonLiteral[]) {}
}

/** Deepest nesting. */
const MAX_DEPTH = 32;

const SPACE = /(?:[ \t\f\r\n]|\\\r?\n|#[^\n]*)*/y;
/** Also with the `L` of Python 2; no zeros in front, as Python has it. */
const INTEGER =
  /([+-]\s*)*(0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*)L?(?![\w.])/y;
const WORD = /(?:True|False|None)(?!\w)/y;
const STRING = /([uU]|[rR])?('''|"""|'|")/y;
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "\n": "", "\\": "\\", "'": "'", '"': '"', a: "\x07", b: "\b", f: "\f" },
  ...{ n: "\n", r: "\r", t: "\t", v: "\v" },
};

/** Parses a literal that is all of the text. Throws `SyntaxError`. */
export function parsePythonLiteral(text: string): PythonLiteral {
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): PythonLiteral {
    const value = this.#value();
    this.#match(SPACE);
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(): PythonLiteral {
    if (++this.#depth > MAX_DEPTH) this.#fail();
    const value = this.#bracket() ?? this.#scalar();
    this.#depth--;
    return value;
  }

  #bracket(): PythonLiteral | undefined {
    if (this.#take("(")) return this.#parenthesis();
    if (this.#take("[")) return this.#items("]").items;
    if (!this.#take("{")) return undefined;
    const map = new Map<PythonLiteral, PythonLiteral>();
    while (!this.#take("}")) {
      const key = this.#value();
      if (!this.#take(":")) this.#fail();
      map.set(key, this.#value());
      if (this.#take(",")) continue;
      if (!this.#take("}")) this.#fail();
      break;
    }
    return map;
  }

  /** One value without a comma is that value, not a tuple of it. */
  #parenthesis(): PythonLiteral {
    const { items, comma } = this.#items(")");
    return items.length === 1 && !comma ? items[0] : new PythonTuple(items);
  }

  #items(end: string): { items: PythonLiteral[]; comma: boolean } {
    const items: PythonLiteral[] = [];
    let comma = false;
    while (!this.#take(end)) {
      items.push(this.#value());
      comma = this.#take(",");
      if (comma) continue;
      if (!this.#take(end)) this.#fail();
      break;
    }
    return { items, comma };
  }

  #scalar(): PythonLiteral {
    this.#match(SPACE);
    const word = this.#match(WORD);
    if (word !== undefined) return word[0] === "None" ? null : word[0] === "True";
    const integer = this.#match(INTEGER);
    if (integer !== undefined) {
      const minus = integer[0].slice(0, -integer[2].length).split("-").length - 1;
      const size = Number(integer[2].replaceAll("_", ""));
      return minus % 2 === 1 ? -size : size;
    }
    let text = this.#string();
    if (text === undefined) this.#fail();
    // Strings beside each other are one.
    for (let more = this.#string(); more !== undefined; more = this.#string()) text += more;
    return text!;
  }

  #string(): string | undefined {
    this.#match(SPACE);
    const start = this.#match(STRING);
    if (start === undefined) return undefined;
    const [, prefix = "", quote] = start;
    let text = "";
    while (!this.#text.startsWith(quote, this.#at)) {
      const letter = this.#text[this.#at++];
      if (letter === undefined || letter === "\n" && quote.length === 1) this.#fail();
      if (letter !== "\\") text += letter;
      else if (prefix.toLowerCase() === "r") text += letter + (this.#text[this.#at++] ?? "");
      else text += this.#escape();
    }
    this.#at += quote.length;
    return text;
  }

  #escape(): string {
    const code = this.#match(/x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})/y);
    if (code !== undefined) {
      const point = parseInt(code[1] ?? code[2] ?? code[3], 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : this.#fail();
    }
    const octal = this.#match(/[0-7]{1,3}/y);
    if (octal !== undefined) return String.fromCharCode(parseInt(octal[0], 8));
    const letter = this.#text[this.#at++] ?? this.#fail();
    return ESCAPES[letter] ?? `\\${letter}`;
  }

  #take(character: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at = pattern.lastIndex;
    return match;
  }

  #fail(): never {
    throw new SyntaxError(`no literal at character ${this.#at}`);
  }
}
