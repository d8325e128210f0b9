/**
 * How tools/make_unicode.py packs numbers into text: 90 characters are digits. A first digit below 60 is
 * the number; 60 to 79, 80 to 88 and 89 say that one, two or three more digits follow, for the numbers
 * after those of the shorter forms.
 *
 * @module
 */

/** `#` to `~` without `\` and the backtick: digit by code. */
function digit(code: number): number {
  return code - 35 - (code > 92 ? 1 : 0) - (code > 96 ? 1 : 0);
}

/** Reads the numbers of a text one after another. */
export class Unpacker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether no number is left. */
  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  next(): number {
    const first = this.#digit();
    if (first < 60) return first;
    if (first < 80) return 60 + (first - 60) * 90 + this.#digit();
    if (first < 89) return 60 + 1800 + this.#rest(first - 80, 2);
    return 60 + 1800 + 72_900 + this.#rest(0, 3);
  }

  /** Zigzag: 0, −1, 1, −2, … */
  signed(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #rest(value: number, digits: number): number {
    for (let i = 0; i < digits; i++) value = value * 90 + this.#digit();
    return value;
  }

  #digit(): number {
    return digit(this.#text.charCodeAt(this.#at++));
  }
}
