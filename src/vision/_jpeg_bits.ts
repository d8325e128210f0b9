import { invalidJpeg } from "./_jpeg_error.ts";
import { type HuffmanTable, LOOKUP_BITS } from "./_jpeg_tables.ts";

/**
 * Reads the bits of a restart interval, most significant first, without the zeros that are stuffed behind
 * bytes of 255. Past the end it reads zeros, which {@linkcode JpegBits.checkEnd} finds.
 */
export class JpegBits {
  readonly #bytes: Uint8Array;
  #next: number;
  readonly #end: number;
  #buffer = 0;
  #available = 0;
  /** Bits that were made up. */
  #missing = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#next = start;
    this.#end = end;
  }

  /** The next `count` bits, 1 to 16. */
  bits(count: number): number {
    this.#fill(count);
    this.#available -= count;
    return this.#buffer >> this.#available & ((1 << count) - 1);
  }

  /** A number of `size` bits (1 to 15) with its sign, as T.81 codes it (F.2.2.1, EXTEND). */
  signed(size: number): number {
    const value = this.bits(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** The next symbol of a code. */
  symbol({ lookup, maxCode, offset, symbols }: HuffmanTable): number {
    this.#fill(16);
    const entry =
      lookup[this.#buffer >> (this.#available - LOOKUP_BITS) & ((1 << LOOKUP_BITS) - 1)];
    if (entry !== 0) {
      this.#available -= entry >> 8;
      return entry & 255;
    }
    for (let length = LOOKUP_BITS + 1; length <= 16; length++) {
      const code = this.#buffer >> (this.#available - length) & ((1 << length) - 1);
      if (code > maxCode[length]) continue;
      this.#available -= length;
      return symbols[code + offset[length]];
    }
    throw invalidJpeg("damaged, unknown Huffman code");
  }

  /** Throws where bits were read that the file does not have. */
  checkEnd(): void {
    if (this.#missing > this.#available) throw invalidJpeg("truncated, a scan has too few bits");
  }

  /** At most 23 bits are kept, so that the shifts stay within 31. */
  #fill(count: number): void {
    while (this.#available < count) {
      let byte = 0;
      if (this.#next < this.#end) {
        byte = this.#bytes[this.#next++];
        if (byte === 255) this.#next++;
      } else this.#missing += 8;
      this.#buffer = (this.#buffer << 8 | byte) & 0x7fffffff;
      this.#available += 8;
    }
  }
}
