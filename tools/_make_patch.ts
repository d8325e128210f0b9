/** Makes what `src/engines/wasm/patch.ts` applies. */

/** Bytes by which candidates are found. */
const KEY_BYTES = 5;
/** Bytes that a copy has to save. */
const LEAST_GAIN = 1;

/** A patch that turns `base` into `target`. */
export function makePatch(base: Uint8Array, target: Uint8Array): Uint8Array<ArrayBuffer> {
  const places = new Map<string, number[]>();
  for (let i = 0; i + KEY_BYTES <= base.length; i++) {
    const key = base.subarray(i, i + KEY_BYTES).join();
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
    const look = (ahead: number): Run =>
      bestRun(base, target, at + ahead, from, from + at + ahead - given, places);
    const run = look(0);
    // One or two bytes that are given may make way for a better copy.
    if (run.gain >= LEAST_GAIN && run.gain >= Math.max(look(1).gain, look(2).gain)) {
      pair(run.start, run.count);
    } else at++;
  }
  if (given < at) pair(from, 0);
  return Uint8Array.from(patch);
}

/** Bytes of a number. */
function lengthOf(value: number): number {
  let length = 1;
  for (; value > 127; value >>>= 7) length++;
  return length;
}

interface Run {
  readonly start: number;
  readonly count: number;
  /** Bytes that copying it saves. */
  readonly gain: number;
}

/** The best run of the base that equals the target from `at` on; `near` is tried first. */
function bestRun(
  base: Uint8Array,
  target: Uint8Array,
  at: number,
  from: number,
  near: number,
  places: ReadonlyMap<string, readonly number[]>,
): Run {
  let best: Run = { start: 0, count: 0, gain: 0 };
  for (const start of [near, ...places.get(target.subarray(at, at + KEY_BYTES).join()) ?? []]) {
    let count = 0;
    while (start + count < base.length && base[start + count] === target[at + count]) count++;
    const gain = count - 1 - lengthOf(count) - lengthOf(2 * Math.abs(start - from));
    if (gain > best.gain) best = { start, count, gain };
  }
  return best;
}
