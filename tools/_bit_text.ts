/** Bits as text: thirteen are two of 91 characters. */
import { CHARACTERS } from "../src/numeric/unpack.ts";

/** Takes bits, the highest of a number first. */
export class BitText {
  readonly #parts: string[] = [];
  #held = 0;
  #bits = 0;

  /** The last `bits` bits of a number, at most 19. */
  put(value: number, bits: number): void {
    this.#held = this.#held << bits | value;
    this.#bits += bits;
    while (this.#bits >= 13) this.#write(this.#held >>> (this.#bits -= 13) & 8191);
  }

  /** The text, with zeros up to the end of the last characters. */
  finish(): string {
    if (this.#bits > 0) this.#write(this.#held << 13 - this.#bits & 8191);
    this.#bits = 0;
    return this.#parts.join("");
  }

  #write(value: number): void {
    this.#parts.push(CHARACTERS[Math.floor(value / 91)] + CHARACTERS[value % 91]);
  }
}
