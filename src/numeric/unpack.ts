/**
 * The modules as a text that takes little room: literals, and copies of what is already there (LZ77), in prefix
 * codes (Huffman). All modules are one text, because they come from the same source, so that of every other
 * one little is new. `DecompressionStream` is no help: workerd compiles WebAssembly only while modules are
 * evaluated, synchronously.
 *
 * Thirteen bits, the first the highest, are two of 91 characters (91² ≥ 2^13), those that are printable but for
 * quotes and the backslash. First comes a bit, whether literals have five codes, by the byte before, or one. Then the codes,
 * of steps, numbers and literals: the length of each symbol's in four bits, and where it has none, in eight bits of how
 * many more behind it that is so; codes are canonical (shorter ones first, those of one length in the order of their
 * symbols). Then steps, until the end is reached:
 *
 * - 16·literals + (copied bytes − 3); 15 of either means that a number is to be added, literals' first;
 * - the literals;
 * - unless the end is reached, a number: 0 copies from as far back as the copy before, 1 from as far as the
 *   other distance before that, and n from n − 1 back.
 *
 * A number below 4 is its symbol; one of e + 2 bits has the symbol 2·(e + 1) + its second bit, and then its last e
 * bits (as lengths in RFC 1951, two symbols for each power of two).
 *
 * `tools/_pack.ts` packs.
 */

/** The characters in order. */
export const CHARACTERS: string = Array.from(
  { length: 0x7E - 0x20 },
  (_, i) => String.fromCharCode(0x21 + i),
).filter((char) => !`"'\\`.includes(char)).join("");

/** Least bytes of a copy. */
export const LEAST_COPY = 3;
/** Most bits of a code. */
export const LONGEST_CODE = 12;
/** How many symbols steps, numbers and literals have. Numbers are less than 2^21. */
export const STEPS = 256, NUMBERS = 42, LITERALS = 256;
/** How many codes literals may have. */
export const LITERAL_CODES = 5;

/**
 * Which of them has a literal behind a byte: in WebAssembly an index follows `local.get`, `local.set` and `local.tee`, a
 * number `i32.const`, a vector instruction 0xFD, and 128 or more goes on with a number.
 */
export function literalCode(before: number): number {
  if (before >= 0x20 && before <= 0x22) return 0;
  if (before === 0x41) return 1;
  if (before === 0xFD) return 2;
  return before < 0x80 ? 3 : 4;
}

/** The first `length` bytes of what the build has packed and checked. */
export function unpack(text: string, length: number): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (let i = 0; i < CHARACTERS.length; i++) values[CHARACTERS.charCodeAt(i)] = i;
  const result = new Uint8Array(length);
  // The last `bits` bits of `held` are those that come next.
  let [at, held, bits] = [0, 0, 0];
  const fill = (): void => {
    held = held << 13 | values[text.charCodeAt(at)] * 91 + values[text.charCodeAt(at + 1)];
    at += 2;
    bits += 13;
  };
  const take = (count: number): number => {
    while (bits < count) fill();
    bits -= count;
    return held >>> bits & (1 << count) - 1;
  };
  const codes = take(1) === 1 ? LITERAL_CODES : 1;
  const [steps, numbers, ...literals] = [STEPS, NUMBERS, ...Array<number>(codes).fill(LITERALS)]
    .map((size) => readCode(size, take));
  const symbol = (code: Uint16Array): number => {
    if (bits < LONGEST_CODE) fill();
    const found = code[held >>> bits - LONGEST_CODE & (1 << LONGEST_CODE) - 1];
    bits -= found & 15;
    return found >> 4;
  };
  const number = (): number => {
    const found = symbol(numbers);
    const rest = (found >> 1) - 1;
    return found < 4 ? found : (2 | found & 1) << rest | take(rest);
  };
  let [to, last, other] = [0, 0, 0];
  while (to < length) {
    const step = symbol(steps);
    const count = (step >> 4) + (step >> 4 < 15 ? 0 : number());
    const copied = LEAST_COPY + (step & 15) + ((step & 15) < 15 ? 0 : number());
    for (const end = to + count; to < end; to++) {
      result[to] = symbol(literals[codes > 1 && to > 0 ? literalCode(result[to - 1]) : 0]);
    }
    if (to >= length) break;
    const distance = number();
    if (distance > 0) {
      const before = last;
      last = distance > 1 ? distance - 1 : other;
      other = before;
    }
    for (const end = to + copied; to < end; to++) result[to] = result[to - last];
  }
  return result;
}

/** A code as a table: for the next bits, the symbol and the length of its code, `16·symbol + length`. */
function readCode(size: number, take: (count: number) => number): Uint16Array {
  const lengths = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    lengths[i] = take(4);
    if (lengths[i] === 0) i += take(8);
  }
  const table = new Uint16Array(1 << LONGEST_CODE);
  let from = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    for (let i = 0; i < size; i++) {
      if (lengths[i] === length) {
        table.fill(i << 4 | length, from, from += 1 << LONGEST_CODE - length);
      }
    }
  }
  return table;
}
