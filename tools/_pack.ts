/** Makes what `src/engines/wasm/unpack.ts` unpacks. */
import { LEAST_COPY, unpack } from "../src/engines/wasm/unpack.ts";

/** Places of the same three bytes that are looked at, the nearest first. */
const MOST_PLACES = 3000;
/** A copy so long ends the search for a longer one. */
const LONG = 500;
/** Most bytes of a copy whose length needs no second number. */
const SHORT = LEAST_COPY + 14;

/** The cheapest way found to the first bytes. */
interface Way {
  /** Bytes that it takes. */
  cost: number;
  /** Bytes of its last part: 1 of a literal. */
  count: number;
  /** How far back the last part is copied from; 0 of a literal. */
  distance: number;
  /** Of the last copy. */
  lastDistance: number;
  /** Literals at its end. */
  literals: number;
}

/** Packs bytes: a cheapest path over positions, on which the last distance is that of the best way so far. */
export function pack(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const ways: (Way | undefined)[] = Array(bytes.length + 1);
  ways[0] = { cost: 0, count: 0, distance: 0, lastDistance: 0, literals: 0 };
  const offer = (to: number, way: Way): void => {
    if (way.cost < (ways[to]?.cost ?? Infinity)) ways[to] = way;
  };
  const places = new Map<number, number[]>();
  for (let at = 0; at < bytes.length; at++) {
    const way = ways[at]!;
    const literals = way.literals + 1;
    const longer = literals >= 15 ? lengthOf(literals - 15) : 0;
    const shorter = literals > 15 ? lengthOf(literals - 16) : 0;
    offer(at + 1, {
      ...way,
      cost: way.cost + 1 + longer - shorter,
      count: 1,
      distance: 0,
      literals,
    });
    for (const [distance, most] of copiesAt(bytes, at, way.lastDistance, places)) {
      for (let count = most; count >= LEAST_COPY; count--) {
        const cost = way.cost + 1 + lengthOf(distance === way.lastDistance ? 0 : distance) +
          (count - LEAST_COPY >= 15 ? lengthOf(count - LEAST_COPY - 15) : 0);
        offer(at + count, { cost, count, distance, lastDistance: distance, literals: 0 });
        // Of a long copy, those a little shorter and all short ones.
        if (count > SHORT && count === most - 2) count = SHORT + 1;
      }
    }
  }
  const packed = write(bytes, ways as Way[]);
  const again = unpack(packed, bytes.length);
  if (bytes.some((byte, i) => byte !== again[i])) throw new Error("packing is wrong");
  return packed;
}

/** Copies that may be worth it: as far back as the last one, and each that is longer than all nearer ones. */
function copiesAt(
  bytes: Uint8Array,
  at: number,
  last: number,
  places: Map<number, number[]>,
): [distance: number, count: number][] {
  const copies: [number, number][] = [];
  const countOf = (distance: number): number => {
    let count = 0;
    while (at + count < bytes.length && bytes[at + count - distance] === bytes[at + count]) count++;
    return count;
  };
  if (last > 0) copies.push([last, countOf(last)]);
  if (at + LEAST_COPY > bytes.length) return copies;
  const key = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
  const same = places.get(key) ?? [];
  let longest = 0;
  for (let i = same.length - 1; i >= Math.max(0, same.length - MOST_PLACES); i--) {
    const count = countOf(at - same[i]);
    if (count <= longest) continue;
    longest = count;
    copies.push([at - same[i], count]);
    if (count >= LONG) break;
  }
  same.push(at);
  places.set(key, same);
  return copies;
}

/** The bytes of the best way to the end. */
function write(bytes: Uint8Array, ways: readonly Way[]): Uint8Array<ArrayBuffer> {
  const parts: Way[] = [];
  for (let at = bytes.length; at > 0; at -= ways[at].count) parts.push(ways[at]);
  const packed: number[] = [];
  const number = (value: number): void => {
    for (; value > 127; value >>>= 7) packed.push(value & 127 | 128);
    packed.push(value);
  };
  let [at, literals, last] = [0, 0, 0];
  const step = (count: number): void => {
    const more = count - LEAST_COPY;
    packed.push(Math.min(literals, 15) << 4 | Math.min(more, 15));
    if (literals >= 15) number(literals - 15);
    if (more >= 15) number(more - 15);
    packed.push(...bytes.subarray(at - literals, at));
    literals = 0;
  };
  for (const { count, distance } of parts.reverse()) {
    if (distance > 0) {
      step(count);
      number(distance === last ? 0 : distance);
      last = distance;
    } else literals++;
    at += count;
  }
  if (literals > 0) step(LEAST_COPY);
  return Uint8Array.from(packed);
}

/** Bytes of a LEB128 number. */
function lengthOf(value: number): number {
  let length = 1;
  for (; value > 127; value >>>= 7) length++;
  return length;
}
