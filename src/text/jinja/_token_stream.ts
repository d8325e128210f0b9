import { TemplateError } from "./_errors.ts";
import type { Token } from "./_lexer.ts";

/** The tokens of a template, one after another. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at];
  }

  next(): Token {
    const token = this.current;
    if (token.type !== "eof") this.#at++;
    return token;
  }

  /** What comes after the current token. */
  look(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)];
  }

  isOperator(...values: readonly string[]): boolean {
    return this.current.type === "operator" && values.includes(this.current.value);
  }

  isName(...values: readonly string[]): boolean {
    return this.current.type === "name" && values.includes(this.current.value);
  }

  /** Takes an operator if it is next. */
  skipOperator(value: string): boolean {
    const found = this.isOperator(value);
    if (found) this.next();
    return found;
  }

  /** Takes a word if it is next. */
  skipName(value: string): boolean {
    const found = this.isName(value);
    if (found) this.next();
    return found;
  }

  expectOperator(value: string): void {
    if (!this.skipOperator(value)) throw this.unexpected(value);
  }

  expect(type: Token["type"]): string {
    if (this.current.type !== type) throw this.unexpected(type.replace("_", " "));
    return this.next().value;
  }

  unexpected(expected: string): TemplateError {
    return new TemplateError(
      `expected ${expected}, got ${JSON.stringify(this.current.value.slice(0, 80))}`,
    );
  }
}
