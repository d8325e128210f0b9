import { BitReader } from "./_bit_reader.ts";
import { damaged, type PrefixCode, prefixCode } from "./_prefix_code.ts";

// RFC 1950 (zlib) and RFC 1951 (deflate), for pixels: the caller knows the size of the output, so that memory and time
// are bounded by it whatever the file says.

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

function inflateBlock(
  reader: BitReader,
  out: Uint8Array,
  at: number,
  codes: readonly [PrefixCode, PrefixCode],
): number {
  for (;;) {
    const symbol = reader.symbol(codes[0]);
    if (symbol === 256) return at;
    if (symbol >= 0 && symbol < 256) {
      if (at === out.length) throw damaged("more bytes than the header says");
      out[at++] = symbol;
      continue;
    }
    const lengths = LENGTHS[symbol - 257];
    if (!lengths) throw damaged("unknown symbol");
    const length = lengths.first + reader.bits(lengths.extraBits);
    const distances = DISTANCES[reader.symbol(codes[1])];
    if (!distances) throw damaged("unknown distance");
    const distance = distances.first + reader.bits(distances.extraBits);
    if (distance > at) throw damaged("distance before the first byte");
    if (at + length > out.length) throw damaged("more bytes than the header says");
    for (const end = at + length; at < end; at++) out[at] = out[at - distance];
  }
}

function copyStored(reader: BitReader, bytes: Uint8Array, out: Uint8Array, at: number): number {
  const start = reader.align() + 4;
  if (start > bytes.length) throw damaged("truncated");
  const length = bytes[start - 4] | bytes[start - 3] << 8;
  if (length !== (~(bytes[start - 2] | bytes[start - 1] << 8) & 0xffff)) {
    throw damaged("length of a stored block");
  }
  if (start + length > bytes.length) throw damaged("truncated");
  if (at + length > out.length) throw damaged("more bytes than the header says");
  out.set(bytes.subarray(start, start + length), at);
  reader.seek(start + length);
  return at + length;
}

function adler32(bytes: Uint8Array): number {
  let a = 1, b = 0;
  // 5552 is the most additions for which b stays below 2^32.
  for (let start = 0; start < bytes.length; start += 5552) {
    const end = Math.min(start + 5552, bytes.length);
    for (let i = start; i < end; i++) b += a += bytes[i];
    a %= 65521;
    b %= 65521;
  }
  return (b << 16 | a) >>> 0;
}

/** Inflates a zlib stream to exactly `size` bytes, and checks its checksum. Throws `invalid_file`. */
export function inflateZlib(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length < 6 || bytes.length * MAX_RATIO < size) throw damaged("truncated");
  const header = bytes[0] << 8 | bytes[1];
  if ((bytes[0] & 15) !== 8 || bytes[0] >> 4 > 7 || header % 31 !== 0 || (bytes[1] & 32) !== 0) {
    throw damaged("not a zlib stream");
  }
  const out = new Uint8Array(size);
  const reader = new BitReader(bytes, 2);
  let at = 0;
  for (let final = false; !final;) {
    final = reader.bits(1) === 1;
    const kind = reader.bits(2);
    if (kind === 0) at = copyStored(reader, bytes, out, at);
    else if (kind === 1) at = inflateBlock(reader, out, at, FIXED_CODES);
    else if (kind === 2) at = inflateBlock(reader, out, at, readCodes(reader));
    else throw damaged("unknown kind of block");
    reader.checkEnd();
  }
  if (at !== size) throw damaged(`${size} bytes expected, got ${at}`);
  const end = reader.align();
  if (end + 4 > bytes.length) throw damaged("truncated");
  const expected = new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0);
  if (adler32(out) !== expected) throw damaged("checksum");
  return out;
}
