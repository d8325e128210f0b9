/** Makes what `src/engines/wasm/patch.ts` applies. */

/** Shortest run of equal bytes that is worth a copy. */
const LEAST_RUN = 16;
/** Candidates to try at a position. */
const TRIES = 64;

/** A patch that turns `base` into `target`. */
export function makePatch(base: Uint8Array, target: Uint8Array): Uint8Array<ArrayBuffer> {
  const places = new Map<string, number[]>();
  for (let i = 0; i + LEAST_RUN <= base.length; i++) {
    const key = base.subarray(i, i + LEAST_RUN).join();
    const list = places.get(key);
    if (list === undefined) places.set(key, [i]);
    else list.push(i);
  }
  const patch: number[] = [];
  const number = (value: number): void => {
    for (; value > 127; value >>>= 7) patch.push(value & 127 | 128);
    patch.push(value);
  };
  let [from, given, at] = [0, 0, 0];
  const pair = (start: number, count: number): void => {
    number(at - given);
    patch.push(...target.subarray(given, at));
    number(count);
    const distance = start - from;
    number(distance < 0 ? -2 * distance - 1 : 2 * distance);
    from = start + count;
    given = at += count;
  };
  while (at < target.length) {
    const { start, count } = longestRun(base, target, at, from + at - given, places);
    if (count >= LEAST_RUN) pair(start, count);
    else at++;
  }
  if (given < at) pair(from, 0);
  return Uint8Array.from(patch);
}

/** The longest run of the base that equals the target from `at` on; `near` is tried first. */
function longestRun(
  base: Uint8Array,
  target: Uint8Array,
  at: number,
  near: number,
  places: ReadonlyMap<string, readonly number[]>,
): { start: number; count: number } {
  const candidates = places.get(target.subarray(at, at + LEAST_RUN).join()) ?? [];
  let best = { start: 0, count: 0 };
  for (const start of [near, ...candidates.slice(0, TRIES)]) {
    let count = 0;
    while (start + count < base.length && base[start + count] === target[at + count]) count++;
    if (count > best.count) best = { start, count };
  }
  return best;
}
