import { damaged, type PrefixCode } from "./_prefix_code.ts";

/**
 * Reads bits, least significant first, from bytes in several parts. Past the end it reads zeros, which
 * {@linkcode BitReader.checkEnd} finds.
 */
export class BitReader {
  readonly #parts: readonly Uint8Array[];
  #part = 0;
  #bytes: Uint8Array;
  #next = 0;
  #buffer = 0;
  #available = 0;
  /** Zeros that were made up. */
  #missing = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
    this.#bytes = parts[0] ?? new Uint8Array();
  }

  /** The next `count` bits, at most 15. */
  bits(count: number): number {
    this.#fill();
    const value = this.#buffer & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  /** The next symbol of a code, or -1 if no code has these bits. */
  symbol({ table, bits }: PrefixCode): number {
    this.#fill();
    const entry = table[this.#buffer & ((1 << bits) - 1)];
    if (entry === 0) return -1;
    this.#drop(entry & 15);
    return entry >> 4;
  }

  /** Skips to the next whole byte. */
  align(): void {
    this.#drop(this.#available & 7);
  }

  /** Whether bytes were read that are not there; bytes that are only held are not read. */
  isPastEnd(): boolean {
    return this.#missing > this.#available >> 3;
  }

  checkEnd(): void {
    if (this.isPastEnd()) throw damaged("truncated");
  }

  #fill(): void {
    while (this.#available <= 16) {
      const byte = this.#next < this.#bytes.length ? this.#bytes[this.#next++] : this.#more();
      this.#buffer |= byte << this.#available;
      this.#available += 8;
    }
  }

  /** The first byte of the next part. */
  #more(): number {
    while (this.#part + 1 < this.#parts.length) {
      this.#bytes = this.#parts[++this.#part];
      this.#next = 0;
      if (this.#bytes.length > 0) return this.#bytes[this.#next++];
    }
    this.#missing++;
    return 0;
  }

  #drop(count: number): void {
    this.#buffer >>>= count;
    this.#available -= count;
  }
}
