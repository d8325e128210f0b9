/** The opposite of `src/engines/wasm/unpack.ts`. */
import { unpack } from "../src/engines/wasm/unpack.ts";

/** Bytes that stand as they are behind one token. */
const MOST_LITERALS = 64;
/** Bytes that one reference repeats. */
const LEAST_MATCH = 3, MOST_MATCH = 98;
/** Distances of one byte and of two. */
const NEAR = 256, FAR = 65536;
/** Places with the same three bytes that are looked at. */
const MOST_CANDIDATES = 400;

/** A repetition. */
interface Match {
  readonly length: number;
  readonly distance: number;
}

const NO_MATCH: Match = { length: 0, distance: 0 };

/** What stands at a place of the packed bytes: so many bytes, from a distance or as they are. */
interface Step {
  readonly length: number;
  readonly distance?: number;
}

/** Packs bytes into as few as the format takes; the same bytes always give the same. */
export function pack(bytes: Uint8Array): Uint8Array {
  const packed: number[] = [];
  const steps = cheapestSteps(bytes);
  for (let at = 0; at < bytes.length; at += steps[at].length) {
    const { length, distance } = steps[at];
    if (distance === undefined) packed.push(length - 1, ...bytes.subarray(at, at + length));
    else if (distance <= NEAR) packed.push(length + 61, distance - 1);
    else packed.push(length + 157, (distance - 1) & 255, (distance - 1) >> 8);
  }
  const result = Uint8Array.from(packed);
  const again = unpack(result, bytes.length);
  if (bytes.some((byte, i) => byte !== again[i])) throw new Error("packed bytes are wrong");
  return result;
}

/** The cheapest way from each place to the end, found from the end on. */
function cheapestSteps(bytes: Uint8Array): Step[] {
  const costs = new Uint32Array(bytes.length + 1);
  const steps: Step[] = [];
  const matches = findMatches(bytes);
  for (let at = bytes.length - 1; at >= 0; at--) {
    let least = Infinity;
    const consider = (step: Step, cost: number): void => {
      const all = cost + costs[at + step.length];
      if (all < least) [least, steps[at]] = [all, step];
    };
    for (let length = 1; length <= Math.min(MOST_LITERALS, bytes.length - at); length++) {
      consider({ length }, 1 + length);
    }
    for (const [cost, found] of [[2, matches[at].near], [3, matches[at].far]] as const) {
      for (let length = LEAST_MATCH; length <= found.length; length++) {
        consider({ length, distance: found.distance }, cost);
      }
    }
    costs[at] = least;
  }
  return steps;
}

/** The longest repetitions at each place: the nearest of them. */
function findMatches(bytes: Uint8Array): { readonly near: Match; readonly far: Match }[] {
  const places = new Map<number, number[]>();
  return Array.from(bytes, (_, at) => {
    let [near, far] = [NO_MATCH, NO_MATCH];
    const key = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
    const before = places.get(key) ?? [];
    if (at + LEAST_MATCH <= bytes.length) places.set(key, before);
    const first = Math.max(0, before.length - MOST_CANDIDATES);
    for (let i = before.length - 1; i >= first && at - before[i] <= FAR; i--) {
      const distance = at - before[i];
      const length = commonLength(bytes, before[i], at);
      if (length > far.length) far = { length, distance };
      if (distance <= NEAR && length > near.length) near = { length, distance };
    }
    before.push(at);
    return { near, far };
  });
}

function commonLength(bytes: Uint8Array, from: number, at: number): number {
  const most = Math.min(MOST_MATCH, bytes.length - at);
  let length = 0;
  while (length < most && bytes[from + length] === bytes[at + length]) length++;
  return length;
}
