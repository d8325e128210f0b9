/** Makes what `src/numeric/unpack.ts` unpacks. */
import {
  LEAST_COPY,
  LITERAL_CODES,
  literalCode,
  LITERALS,
  LONGEST_CODE,
  NUMBERS,
  STEPS,
  unpack,
} from "../src/numeric/unpack.ts";
import { BitText } from "./_bit_text.ts";
import { canonicalCodes, codeLengths } from "./_prefix_code.ts";

/** Places of the same three bytes that are looked at, the nearest first. */
const MOST_PLACES = 3000;
/** A copy so long ends the search for a longer one. */
const LONG = 500;
/** Most bytes of a copy whose length needs no number. */
const SHORT = LEAST_COPY + 14;
/** How often ways are looked for, with the codes of the way before. */
const ROUNDS = 5;

/** The first code of literals, behind those of steps and numbers. */
const LITERAL = 2;

/** Bits that symbols take, of each code. */
type Costs = readonly Uint8Array[];

/** The cheapest way found to the first bytes. */
interface Way {
  /** Bits that it takes. */
  readonly cost: number;
  /** Bytes of its last part: 1 of a literal. */
  readonly count: number;
  /** How far back the last part is copied from; 0 of a literal. */
  readonly distance: number;
  /** Of the last copy, and the other one before. */
  readonly last: number;
  readonly other: number;
  /** Literals at its end. */
  readonly literals: number;
}

/** Packs bytes into a text. */
export function pack(bytes: Uint8Array): string {
  const copies = copiesOf(bytes);
  const texts = [1, LITERAL_CODES].map((count) => packBy(bytes, copies, count));
  const best = texts.reduce((a, b) => b.length < a.length ? b : a);
  const again = unpack(best, bytes.length);
  if (bytes.some((byte, i) => byte !== again[i])) throw new Error("packing is wrong");
  return best;
}

/** The best text found with so many codes of literals. */
function packBy(
  bytes: Uint8Array,
  copies: readonly (readonly number[])[],
  count: number,
): string {
  const sizes = [STEPS, NUMBERS, ...Array<number>(count).fill(LITERALS)];
  const codeAt = (at: number): number =>
    LITERAL + (count > 1 && at > 0 ? literalCode(bytes[at - 1]) : 0);
  let costs: Costs = sizes.map((size, i) => new Uint8Array(size).fill([6, 5, 7][Math.min(i, 2)]));
  let best: string | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const symbols = symbolsOf(bytes, cheapest(bytes, copies, costs, codeAt), codeAt);
    const lengths = sizes.map((size, code) => {
      const counts: number[] = Array(size).fill(0);
      for (const each of symbols) if (each.code === code) counts[each.symbol]++;
      return codeLengths(counts, LONGEST_CODE);
    });
    const text = write(symbols, lengths);
    if (best === undefined || text.length < best.length) best = text;
    // What has no code yet may be worth one.
    costs = lengths.map((code) => code.map((bits) => bits || LONGEST_CODE + 1));
  }
  return best!;
}

/** A cheapest path over positions, on which the last distances are those of the best way so far. */
function cheapest(
  bytes: Uint8Array,
  copies: readonly (readonly number[])[],
  costs: Costs,
  codeAt: (at: number) => number,
): Way[] {
  const [steps, numbers] = costs;
  const ways: Way[] = Array(bytes.length + 1);
  ways[0] = { cost: 0, count: 0, distance: 0, last: 0, other: 0, literals: 0 };
  const costOf = (value: number): number => {
    const [symbol, rest] = symbolOf(value);
    return numbers[symbol] + rest;
  };
  const stepCost = (literals: number, more: number): number =>
    steps[Math.min(literals, 15) << 4 | Math.min(more, 15)] +
    (literals < 15 ? 0 : costOf(literals - 15)) + (more < 15 ? 0 : costOf(more - 15));
  for (let at = 0; at < bytes.length; at++) {
    const way = ways[at];
    const cost = way.cost + costs[codeAt(at)][bytes[at]];
    if (cost < (ways[at + 1]?.cost ?? Infinity)) {
      ways[at + 1] = { ...way, cost, count: 1, distance: 0, literals: way.literals + 1 };
    }
    const { last, other } = way;
    const found = copies[at];
    const offer = (distance: number, most: number): void => {
      const start = way.cost + costOf(distanceNumber(distance, last, other));
      for (let count = most; count >= LEAST_COPY; count--) {
        const cost = start + stepCost(way.literals, count - LEAST_COPY);
        if (cost < (ways[at + count]?.cost ?? Infinity)) {
          const before = distance === last ? other : last;
          ways[at + count] = { cost, count, distance, last: distance, other: before, literals: 0 };
        }
        // Of a long copy, those a little shorter and all short ones.
        if (count > SHORT + 1 && count === most - 2) count = SHORT + 1;
      }
    };
    for (const distance of [last, other]) {
      if (distance > 0) offer(distance, equalBytes(bytes, at, distance));
    }
    for (let i = 0; i < found.length; i += 2) offer(found[i], found[i + 1]);
  }
  return ways;
}

/** The number of a distance. */
function distanceNumber(distance: number, last: number, other: number): number {
  return distance === last ? 0 : distance === other ? 1 : distance + 1;
}

/** The symbol of a number, and how many bits follow it. */
function symbolOf(value: number): [symbol: number, rest: number] {
  if (value < 4) return [value, 0];
  const rest = 30 - Math.clz32(value);
  return [2 * (rest + 1) + (value >> rest & 1), rest];
}

/** At each place, copies that may be worth it, each longer than all nearer ones: distances and counts in turns. */
function copiesOf(bytes: Uint8Array): number[][] {
  const places = new Map<number, number[]>();
  return Array.from(bytes, (_, at) => {
    const found: number[] = [];
    if (at + LEAST_COPY > bytes.length) return found;
    const key = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
    const same = places.get(key) ?? [];
    let longest = 0;
    for (let i = same.length - 1; i >= Math.max(0, same.length - MOST_PLACES); i--) {
      if (bytes[same[i] + longest] !== bytes[at + longest]) continue;
      const count = equalBytes(bytes, at, at - same[i]);
      if (count <= longest) continue;
      longest = count;
      found.push(at - same[i], count);
      if (count >= LONG) break;
    }
    same.push(at);
    places.set(key, same);
    return found;
  });
}

/** How many bytes from here on are those so far back. */
function equalBytes(bytes: Uint8Array, at: number, distance: number): number {
  let count = 0;
  while (at + count < bytes.length && bytes[at + count - distance] === bytes[at + count]) count++;
  return count;
}

/** A symbol of one of the codes, and the bits that follow it. */
interface Coded {
  readonly code: number;
  readonly symbol: number;
  readonly rest?: readonly [value: number, bits: number];
}

/** The symbols of the best way to the end. */
function symbolsOf(
  bytes: Uint8Array,
  ways: readonly Way[],
  codeAt: (at: number) => number,
): Coded[] {
  const parts: Way[] = [];
  for (let at = bytes.length; at > 0; at -= ways[at].count) parts.push(ways[at]);
  const symbols: Coded[] = [];
  const number = (value: number): void => {
    const [symbol, bits] = symbolOf(value);
    if (symbol >= NUMBERS) throw new Error(`${value} is too large`);
    symbols.push({ code: 1, symbol, rest: [value, bits] });
  };
  let [at, literals, last, other] = [0, 0, 0, 0];
  const step = (more: number): void => {
    symbols.push({ code: 0, symbol: Math.min(literals, 15) << 4 | Math.min(more, 15) });
    if (literals >= 15) number(literals - 15);
    if (more >= 15) number(more - 15);
    for (let i = at - literals; i < at; i++) {
      symbols.push({ code: codeAt(i), symbol: bytes[i] });
    }
    literals = 0;
  };
  for (const { count, distance } of parts.reverse()) {
    if (distance > 0) {
      step(count - LEAST_COPY);
      number(distanceNumber(distance, last, other));
      if (distance !== last) [last, other] = [distance, last];
    } else literals++;
    at += count;
  }
  if (literals > 0) step(0);
  return symbols;
}

/** Codes and symbols as text. */
function write(symbols: readonly Coded[], lengths: readonly Uint8Array[]): string {
  const text = new BitText();
  text.put(lengths.length > LITERAL + 1 ? 1 : 0, 1);
  for (const code of lengths) {
    for (let i = 0; i < code.length; i++) {
      text.put(code[i], 4);
      if (code[i] > 0) continue;
      let more = 0;
      while (more < 255 && i + 1 < code.length && code[i + 1] === 0) [more, i] = [more + 1, i + 1];
      text.put(more, 8);
    }
  }
  const codes = lengths.map(canonicalCodes);
  for (const { code, symbol, rest } of symbols) {
    text.put(codes[code][symbol], lengths[code][symbol]);
    if (rest !== undefined) text.put(rest[0] & (1 << rest[1]) - 1, rest[1]);
  }
  return text.finish();
}
