import { BitReader } from "./_bit_reader.ts";
import { damaged, type PrefixCode, prefixCode } from "./_prefix_code.ts";

// RFC 1950 (zlib) and RFC 1951 (deflate), for pixels: the caller knows the size of the output, which bounds the time
// whatever the file says, and takes the output piece by piece, so that little of it is in memory.

/** Deflate cannot do better than 258 bytes for 2 bits. */
const MAX_RATIO = 1032;

/** Lengths of matches by symbol - 257: four symbols for each number of extra bits; the last is 258 with none. */
const LENGTHS = bitRanges(3, 28, (i) => Math.max(0, (i >> 2) - 1));
LENGTHS.push({ first: 258, extraBits: 0 });

/** Distances of matches by symbol: two symbols for each number of extra bits. */
const DISTANCES = bitRanges(1, 30, (i) => Math.max(0, (i >> 1) - 1));

const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The numbers `first` to `first + 2^extraBits - 1`. */
interface BitRange {
  readonly first: number;
  readonly extraBits: number;
}

/** `count` ranges in a row, the first of which begins with `first`. */
function bitRanges(
  first: number,
  count: number,
  extraBitsOf: (index: number) => number,
): BitRange[] {
  return Array.from({ length: count }, (_, i) => {
    const range = { first, extraBits: extraBitsOf(i) };
    first += 1 << range.extraBits;
    return range;
  });
}

/** The codes of a block that brings none. */
const FIXED_CODES = [
  prefixCode(new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280)),
  prefixCode(new Uint8Array(32).fill(5)),
] as const;

/** The literal and the distance code of a block with codes of its own. */
function readCodes(reader: BitReader): [PrefixCode, PrefixCode] {
  const literals = reader.bits(5) + 257;
  const distances = reader.bits(5) + 1;
  const codeLengths = reader.bits(4) + 4;
  if (literals > 286 || distances > 30) throw damaged("too many symbols");
  const lengthsOfLengths = new Uint8Array(19);
  for (let i = 0; i < codeLengths; i++) lengthsOfLengths[CODE_LENGTH_ORDER[i]] = reader.bits(3);
  const code = prefixCode(lengthsOfLengths);
  const lengths = new Uint8Array(literals + distances);
  for (let i = 0; i < lengths.length;) {
    const symbol = reader.symbol(code);
    if (symbol < 0) throw damaged("unknown code length");
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) throw damaged("no code length to repeat");
    const value = symbol === 16 ? lengths[i - 1] : 0;
    const repeat = symbol === 16
      ? 3 + reader.bits(2)
      : symbol === 17
      ? 3 + reader.bits(3)
      : 11 + reader.bits(7);
    if (i + repeat > lengths.length) throw damaged("too many code lengths");
    lengths.fill(value, i, i + repeat);
    i += repeat;
  }
  if (lengths[256] === 0) throw damaged("no code for the end of a block");
  return [prefixCode(lengths.subarray(0, literals)), prefixCode(lengths.subarray(literals))];
}

/** How far a match may reach back. */
const WINDOW = 32_768;

/** Longest match. */
const MAX_LENGTH = 258;

/** Collects output, with the window that matches need, and passes it on; no more than `size` bytes of it. */
class Output {
  readonly bytes = new Uint8Array(4 * WINDOW);
  /** Where the next byte goes. */
  at = 0;
  /** Bytes in front of the buffer that were passed on and went out of the window. */
  #gone = 0;
  /** Bytes of the buffer that were passed on. */
  #passed = 0;
  readonly #size: number;
  readonly #sink: (bytes: Uint8Array) => void;
  #a = 1;
  #b = 0;

  constructor(size: number, sink: (bytes: Uint8Array) => void) {
    this.#size = size;
    this.#sink = sink;
  }

  /** Bytes so far. */
  get total(): number {
    return this.#gone + this.at;
  }

  /** Whether all bytes are there that were asked for. */
  get isFull(): boolean {
    return this.#gone + this.at >= this.#size;
  }

  /** Adler-32 of all that was passed on. */
  get checksum(): number {
    return (this.#b << 16 | this.#a) >>> 0;
  }

  /** Where literals have to stop: at the last byte that was asked for, and where a match would need room. */
  get end(): number {
    return Math.min(this.bytes.length - MAX_LENGTH, this.#size - this.#gone);
  }

  /** Makes room for a match. */
  makeRoom(): void {
    if (this.at + MAX_LENGTH <= this.bytes.length) return;
    this.flush();
    const drop = this.at - WINDOW;
    this.bytes.copyWithin(0, drop, this.at);
    this.#gone += drop;
    this.at = this.#passed = WINDOW;
  }

  /** Passes on what was not yet. */
  flush(): void {
    const end = Math.min(this.at, this.#size - this.#gone);
    if (end <= this.#passed) return;
    const bytes = this.bytes.subarray(this.#passed, end);
    this.#passed = end;
    this.#add(bytes);
    this.#sink(bytes);
  }

  #add(bytes: Uint8Array): void {
    let [a, b] = [this.#a, this.#b];
    // 5552 is the most additions for which b stays below 2^32.
    for (let start = 0; start < bytes.length; start += 5552) {
      const end = Math.min(start + 5552, bytes.length);
      for (let i = start; i < end; i++) b += a += bytes[i];
      a %= 65521;
      b %= 65521;
    }
    [this.#a, this.#b] = [a, b];
  }
}

/** False when there is more output than was asked for; the rest of it is not computed. */
function inflateBlock(
  reader: BitReader,
  out: Output,
  codes: readonly [PrefixCode, PrefixCode],
): boolean {
  const { bytes } = out;
  for (;;) {
    const { isFull } = out;
    // All bytes so far come from bits that are there.
    if (isFull) reader.checkEnd();
    out.makeRoom();
    let at = out.at;
    const end = isFull ? at : out.end;
    let symbol = reader.symbol(codes[0]);
    // The way of most bytes.
    while (symbol >= 0 && symbol < 256 && at < end) {
      bytes[at++] = symbol;
      symbol = reader.symbol(codes[0]);
    }
    out.at = at;
    if (symbol === 256) return true;
    if (isFull) return false;
    if (symbol >= 0 && symbol < 256) {
      // The first byte too many, or the buffer has no more room for a match.
      if (out.isFull) {
        reader.checkEnd();
        return false;
      }
      bytes[out.at++] = symbol;
      continue;
    }
    const lengths = LENGTHS[symbol - 257];
    if (!lengths) throw damaged("unknown symbol");
    const length = lengths.first + reader.bits(lengths.extraBits);
    const distances = DISTANCES[reader.symbol(codes[1])];
    if (!distances) throw damaged("unknown distance");
    const distance = distances.first + reader.bits(distances.extraBits);
    let to = out.at;
    if (distance > to) throw damaged("distance before the first byte");
    if (out.isFull) return false;
    for (const end = to + length; to < end; to++) bytes[to] = bytes[to - distance];
    out.at = to;
  }
}

function copyStored(reader: BitReader, out: Output): boolean {
  reader.align();
  const [length, inverse] = [readUint16(reader), readUint16(reader)];
  if (length !== (~inverse & 0xffff)) throw damaged("length of a stored block");
  for (let i = 0; i < length; i++) {
    if (out.isFull) return false;
    if (i % WINDOW === 0) reader.checkEnd();
    out.makeRoom();
    out.bytes[out.at++] = reader.bits(8);
  }
  reader.checkEnd();
  return true;
}

function readUint16(reader: BitReader): number {
  return reader.bits(8) | reader.bits(8) << 8;
}

/**
 * Inflates a zlib stream of at least `size` bytes, of which `sink` gets the first `size` in order; what follows is left
 * alone, as zlib's users do that know how much they want. Where the stream ends with these bytes and has a checksum, it
 * must be right.
 *
 * @param parts The stream, in parts.
 * @returns Whether the checksum was there.
 * @throws {FewbitError} `invalid_file`
 */
export function inflateZlib(
  parts: readonly Uint8Array[],
  size: number,
  sink: (bytes: Uint8Array) => void,
): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length < 2 || length * MAX_RATIO < size) throw damaged("truncated");
  const reader = new BitReader(parts);
  const [method, flags] = [reader.bits(8), reader.bits(8)];
  if ((method & 15) !== 8 || method >> 4 > 7 || (method << 8 | flags) % 31 !== 0 || flags & 32) {
    throw damaged("not a zlib stream");
  }
  const out = new Output(size, sink);
  for (let isFinal = false, goesOn = true; !isFinal && goesOn;) {
    isFinal = reader.bits(1) === 1;
    const kind = reader.bits(2);
    if (kind === 0) goesOn = copyStored(reader, out);
    else if (kind === 1) goesOn = inflateBlock(reader, out, FIXED_CODES);
    else if (kind === 2) goesOn = inflateBlock(reader, out, readCodes(reader));
    else throw damaged("unknown kind of block");
    if (!out.isFull) reader.checkEnd();
    else if (out.total > size || reader.isPastEnd()) goesOn = false;
    if (!goesOn) {
      out.flush();
      return false;
    }
  }
  out.flush();
  if (!out.isFull) throw damaged(`${size} bytes expected, got ${out.total}`);
  reader.align();
  const expected = [0, 0, 0, 0].reduce((sum) => sum * 256 + reader.bits(8), 0);
  if (reader.isPastEnd()) return false;
  if (out.checksum !== expected) throw damaged("checksum");
  return true;
}
