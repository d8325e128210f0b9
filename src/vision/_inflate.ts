import { FewbitError } from "../errors.ts";

// RFC 1950 (zlib) and RFC 1951 (deflate), for pixels: the caller knows the size of the output, so that memory and time
// are bounded by it whatever the file says.

/** Deflate cannot do better than 258 bytes for 2 bits. */
const MAX_RATIO = 1032;

const LENGTH_BASE = tableOfBases([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5], 3);
const DISTANCE_BASE = tableOfBases(
  [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
  1,
);
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

interface Bases {
  readonly base: readonly number[];
  readonly extraBits: readonly number[];
}

function tableOfBases(extraBits: readonly number[], first: number): Bases {
  const base: number[] = [];
  let next = first;
  for (const bits of extraBits) {
    base.push(next);
    next += 1 << bits;
  }
  // Length symbol 285 is 258 without extra bits, one of the lengths that 284 covers.
  return first === 3 ? { base: [...base, 258], extraBits: [...extraBits, 0] } : { base, extraBits };
}

/** A prefix code: `table[next bits]` is `symbol << 4 | length`, or 0 where no code begins with these bits. */
interface PrefixCode {
  readonly table: Uint16Array;
  readonly bits: number;
}

function damaged(detail: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot decode PNG: the pixels are damaged (${detail})`);
}

/** Codes must be complete as in zlib, but for a single code of one bit and for no code at all. */
function prefixCode(lengths: Uint8Array): PrefixCode {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  let bits = 15;
  while (bits > 1 && counts[bits] === 0) bits--;
  const nextCode = new Uint16Array(17);
  let unused = 1;
  for (let length = 1; length <= 15; length++) {
    unused = unused * 2 - counts[length];
    if (unused < 0) throw damaged("prefix code with too many symbols");
    nextCode[length + 1] = (nextCode[length] + counts[length]) << 1;
  }
  if (unused > 0 && bits > 1) throw damaged("incomplete prefix code");
  const table = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol];
    if (length === 0) continue;
    let code = nextCode[length]++;
    let reversed = 0;
    for (let i = 0; i < length; i++, code >>= 1) reversed = reversed << 1 | code & 1;
    for (let i = reversed; i < table.length; i += 1 << length) table[i] = symbol << 4 | length;
  }
  return { table, bits };
}

function fixedLengths(): Uint8Array {
  const lengths = new Uint8Array(288).fill(8);
  lengths.fill(9, 144, 256);
  lengths.fill(7, 256, 280);
  return lengths;
}

/** Reads bits, least significant first. Past the end it reads zeros, which {@linkcode BitReader.checkEnd} finds. */
class BitReader {
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
    const repeat = symbol === 16 ? 3 + reader.bits(2) : symbol === 17 ? 3 + reader.bits(3) : 11 + reader.bits(7);
    if (i + repeat > lengths.length) throw damaged("too many code lengths");
    lengths.fill(value, i, i + repeat);
    i += repeat;
  }
  if (lengths[256] === 0) throw damaged("no code for the end of a block");
  return [prefixCode(lengths.subarray(0, literals)), prefixCode(lengths.subarray(literals))];
}

function inflateBlock(reader: BitReader, out: Uint8Array, at: number, codes: readonly [PrefixCode, PrefixCode]): number {
  for (;;) {
    const symbol = reader.symbol(codes[0]);
    if (symbol === 256) return at;
    if (symbol >= 0 && symbol < 256) {
      if (at === out.length) throw damaged("more bytes than the header says");
      out[at++] = symbol;
      continue;
    }
    const lengthIndex = symbol - 257;
    if (symbol < 0 || lengthIndex >= LENGTH_BASE.base.length) throw damaged("unknown symbol");
    const length = LENGTH_BASE.base[lengthIndex] + reader.bits(LENGTH_BASE.extraBits[lengthIndex]);
    const distanceIndex = reader.symbol(codes[1]);
    if (distanceIndex < 0 || distanceIndex >= DISTANCE_BASE.base.length) throw damaged("unknown distance");
    const distance = DISTANCE_BASE.base[distanceIndex] + reader.bits(DISTANCE_BASE.extraBits[distanceIndex]);
    if (distance > at) throw damaged("distance before the first byte");
    if (at + length > out.length) throw damaged("more bytes than the header says");
    for (const end = at + length; at < end; at++) out[at] = out[at - distance];
  }
}

function copyStored(reader: BitReader, bytes: Uint8Array, out: Uint8Array, at: number): number {
  const start = reader.align() + 4;
  if (start > bytes.length) throw damaged("truncated");
  const length = bytes[start - 4] | bytes[start - 3] << 8;
  if (length !== (~(bytes[start - 2] | bytes[start - 1] << 8) & 0xffff)) throw damaged("length of a stored block");
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
    else if (kind === 1) at = inflateBlock(reader, out, at, [prefixCode(fixedLengths()), prefixCode(new Uint8Array(32).fill(5))]);
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
