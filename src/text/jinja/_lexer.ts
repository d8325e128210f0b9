import { TemplateError, unsupported } from "./_errors.ts";
import { isSpace, strip } from "./_spaces.ts";
import { unescape } from "./_unescape.ts";

/** A token of a template. */
export interface Token {
  readonly type:
    | "data"
    | "block_begin"
    | "block_end"
    | "variable_begin"
    | "variable_end"
    | "name"
    | "string"
    | "integer"
    | "float"
    | "operator"
    | "eof";
  readonly value: string;
}

const OPERATORS = [
  "**",
  "//",
  "==",
  "!=",
  "<=",
  ">=",
  ..."+-*/%~<>=.:|,;()[]{}",
];
const OPEN: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * Cuts a template into tokens, with the white space that Jinja2 leaves of it where `trim_blocks` and
 * `lstrip_blocks` are on, as transformers has it.
 */
export function tokenize(source: string): Token[] {
  return new Lexer(source).tokens();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  /** Whether what came before ends a line. */
  #lineStarts = true;

  constructor(source: string) {
    const lines = source.replace(/\r\n|\r/g, "\n");
    this.#source = lines.endsWith("\n") ? lines.slice(0, -1) : lines;
  }

  tokens(): Token[] {
    while (this.#at < this.#source.length) this.#data();
    this.#tokens.push({ type: "eof", value: "end of template" });
    return this.#tokens;
  }

  /** Text up to the next tag, then the tag. */
  #data(): void {
    const begin = this.#nextTag();
    if (begin < 0) {
      this.#text(this.#source.slice(this.#at));
      this.#at = this.#source.length;
      return;
    }
    const kind = this.#source[begin + 1];
    const sign = this.#source[begin + 2];
    this.#text(this.#before(begin, kind, sign));
    this.#at = begin + (sign === "-" || sign === "+" ? 3 : 2);
    if (kind === "#") this.#comment();
    else if (kind === "%" && this.#raw()) return;
    else this.#tag(kind);
  }

  #nextTag(): number {
    for (let at = this.#at;; at++) {
      at = this.#source.indexOf("{", at);
      if (at < 0 || "%{#".includes(this.#source[at + 1] ?? " ")) return at;
    }
  }

  /** The text before a tag without what its sign or `lstrip_blocks` takes away. */
  #before(end: number, kind: string, sign: string): string {
    const text = this.#source.slice(this.#at, end);
    if (sign === "-") return strip(text, "right");
    if (sign === "+" || kind === "{") return text;
    const line = text.lastIndexOf("\n") + 1;
    const blank = line < text.length && [...text.slice(line)].every(isSpace);
    return blank && (line > 0 || this.#lineStarts) ? text.slice(0, line) : text;
  }

  #text(text: string): void {
    if (text !== "") this.#tokens.push({ type: "data", value: text });
  }

  #comment(): void {
    const end = this.#source.indexOf("#}", this.#at);
    if (end < 0) throw new TemplateError("a comment has no end");
    const sign = end > this.#at ? this.#source[end - 1] : "";
    this.#at = end;
    this.#closed(2, sign);
  }

  /** After a tag: `-` takes all white space away, and unless there is a `+` one line end goes. */
  #closed(length: number, sign: string, trims = true): void {
    this.#at += length;
    const start = this.#at;
    if (sign === "-") { while (isSpace(this.#source[this.#at] ?? "")) this.#at++; }
    else if (sign !== "+" && trims && this.#source[this.#at] === "\n") this.#at++;
    this.#lineStarts = this.#at > start && this.#source[this.#at - 1] === "\n";
  }

  /** `{% raw %}` … `{% endraw %}`. */
  #raw(): boolean {
    const begin = /\s*raw\s*(-?)%\}/y;
    begin.lastIndex = this.#at;
    const found = begin.exec(this.#source);
    if (found === null) return false;
    this.#at += found[0].length;
    this.#closed(0, found[1], false);
    const finish = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
    finish.lastIndex = this.#at;
    const end = finish.exec(this.#source);
    if (end === null) throw new TemplateError("a raw block has no end");
    this.#text(this.#before(end.index, "%", end[1]));
    this.#at = end.index + end[0].length;
    this.#closed(0, end[2]);
    return true;
  }

  #tag(kind: string): void {
    const [name, close] = kind === "%" ? ["block", "%}"] as const : ["variable", "}}"] as const;
    this.#tokens.push({ type: `${name}_begin`, value: `{${kind}` });
    const open: string[] = [];
    for (;;) {
      while (isSpace(this.#source[this.#at] ?? "")) this.#at++;
      if (this.#at >= this.#source.length) throw new TemplateError("a tag has no end");
      const sign = open.length === 0 ? this.#closing(close) : undefined;
      if (sign !== undefined) {
        this.#tokens.push({ type: `${name}_end`, value: close });
        return this.#closed(close.length + sign.length, sign, kind === "%");
      }
      this.#expressionToken(open);
    }
  }

  /** The sign of the tag's end, if that is here. */
  #closing(close: string): string | undefined {
    for (const sign of close === "%}" ? ["", "-", "+"] : ["", "-"]) {
      if (this.#source.startsWith(sign + close, this.#at)) return sign;
    }
    return undefined;
  }

  #expressionToken(open: string[]): void {
    const number =
      /(?:(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
    number.lastIndex = this.#at;
    const digits = number.exec(this.#source)?.[0];
    if (digits !== undefined && this.#source[this.#at - 1] === "." && /[.eE]/.test(digits)) {
      // After a dot stands an index: x.0.1
      return this.#push("integer", /^\d+/.exec(digits)![0]);
    }
    if (digits !== undefined) {
      const isFloat = !/^0[bBoOxX]/.test(digits) && /[.eE]/.test(digits);
      return this.#push(isFloat ? "float" : "integer", digits);
    }
    const word = /[A-Za-z_][A-Za-z0-9_]*/y;
    word.lastIndex = this.#at;
    const name = word.exec(this.#source)?.[0];
    if (name !== undefined) return this.#push("name", name);
    const quote = this.#source[this.#at];
    if (quote === "'" || quote === '"') return this.#string(quote);
    const operator = OPERATORS.find((operator) => this.#source.startsWith(operator, this.#at));
    if (operator === undefined) {
      if (quote > "\x7f") throw unsupported("a name beyond ASCII");
      throw new TemplateError(`unexpected character ${JSON.stringify(quote)}`);
    }
    if (operator in OPEN) open.push(OPEN[operator]);
    if (")]}".includes(operator) && open.pop() !== operator) {
      throw new TemplateError(`unexpected ${operator}`);
    }
    this.#push("operator", operator);
  }

  #string(quote: string): void {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== quote) {
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    if (end >= this.#source.length) throw new TemplateError("a text has no end");
    this.#tokens.push({
      type: "string",
      value: unescape(this.#source.slice(this.#at + 1, end)),
    });
    this.#at = end + 1;
  }

  #push(type: Token["type"], value: string): void {
    this.#tokens.push({ type, value });
    this.#at += value.length;
  }
}
