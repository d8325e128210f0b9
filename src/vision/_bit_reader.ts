import { damaged, type PrefixCode } from "./_prefix_code.ts";

/** Reads bits, least significant first. Past the end it reads zeros, which {@linkcode BitReader.checkEnd} finds. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #next: number;
  #buffer = 0;
  #available = 0;

  constructor(bytes: Uint8Array, first: number) {
    this.#bytes = bytes;
    this.#next = first;
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

  /** Skips to the next whole byte and returns its position; go on at another with {@linkcode BitReader.seek}. */
  align(): number {
    this.#drop(this.#available & 7);
    const position = this.#next - (this.#available >> 3);
    this.seek(position);
    return position;
  }

  seek(position: number): void {
    this.#next = position;
    this.#buffer = this.#available = 0;
  }

  checkEnd(): void {
    if (this.#next - (this.#available >> 3) > this.#bytes.length) throw damaged("truncated");
  }

  #fill(): void {
    while (this.#available <= 16) {
      this.#buffer |= this.#bytes[this.#next++] << this.#available;
      this.#available += 8;
    }
  }

  #drop(count: number): void {
    this.#buffer >>>= count;
    this.#available -= count;
  }
}
