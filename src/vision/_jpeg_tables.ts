import { invalidJpeg } from "./_jpeg_error.ts";

/** Offset in a block of the coefficients in the order of the file. */
export const ZIGZAG: Uint8Array = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48],
  ...[41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23],
  ...[30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** Bits that are looked up at once; longer codes are rare. */
export const LOOKUP_BITS = 9;

/** A Huffman code. */
export interface HuffmanTable {
  /** By the next {@linkcode LOOKUP_BITS} bits: `length << 8 | symbol`, 0 for longer codes. */
  readonly lookup: Uint16Array;
  /** Largest code of each length from 1 to 16, -1 where there is none. */
  readonly maxCode: Int32Array;
  /** What added to a code of each length gives the place of its symbol. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** Reads the tables of a DQT segment (T.81, B.2.4.1) into `tables`. */
export function readQuantization(
  bytes: Uint8Array,
  start: number,
  end: number,
  tables: (Uint16Array | undefined)[],
): void {
  for (let at = start; at < end;) {
    const [precision, number] = [bytes[at] >> 4, bytes[at] & 15];
    const size = precision === 0 ? 1 : 2;
    if (precision > 1 || number > 3 || at + 1 + 64 * size > end) {
      throw invalidJpeg("bad quantization table");
    }
    const table = new Uint16Array(64);
    for (let i = 0; i < 64; i++) {
      const value = at + 1 + i * size;
      table[ZIGZAG[i]] = size === 1 ? bytes[value] : bytes[value] << 8 | bytes[value + 1];
    }
    tables[number] = table;
    at += 1 + 64 * size;
  }
}

/** Reads the tables of a DHT segment (T.81, B.2.4.2) into those for DC and AC coefficients. */
export function readHuffman(
  bytes: Uint8Array,
  start: number,
  end: number,
  tables: readonly [dc: (HuffmanTable | undefined)[], ac: (HuffmanTable | undefined)[]],
): void {
  for (let at = start; at < end;) {
    const [kind, number] = [bytes[at] >> 4, bytes[at] & 15];
    if (kind > 1 || number > 3 || at + 17 > end) throw invalidJpeg("bad Huffman table");
    const counts = bytes.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total > 256 || at + 17 + total > end) throw invalidJpeg("bad Huffman table");
    tables[kind][number] = huffmanTable(counts, bytes.slice(at + 17, at + 17 + total));
    at += 17 + total;
  }
}

/** Codes of a length follow each other, those of the next length begin with twice the next one (C.2). */
function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const lookup = new Uint16Array(1 << LOOKUP_BITS);
  const maxCode = new Int32Array(17).fill(-1);
  const offset = new Int32Array(17);
  for (let length = 1, code = 0, index = 0; length <= 16; length++, code <<= 1) {
    offset[length] = index - code;
    for (let i = 0; i < counts[length - 1]; i++, code++, index++) {
      if (code >= 1 << length) throw invalidJpeg("bad Huffman table");
      maxCode[length] = code;
      if (length > LOOKUP_BITS) continue;
      const first = code << (LOOKUP_BITS - length);
      lookup.fill(length << 8 | symbols[index], first, first + (1 << (LOOKUP_BITS - length)));
    }
  }
  return { lookup, maxCode, offset, symbols };
}
