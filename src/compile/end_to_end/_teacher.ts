/** The teacher: the likeliest pieces behind some tokens of windows, computed once. */
import type { SyncInstance } from "../../engines/engine.ts";

/** Pieces that are kept of a row. */
export const LIKELIEST = 64;

/** What the teacher says of a window. */
export interface TaughtWindow {
  /** Ids, without the prefix. */
  readonly ids: Int32Array;
  /** Tokens of the window behind which something is known, ascending. */
  readonly positions: Int32Array;
  /** `[positions, 64]`: the likeliest pieces, and their probabilities. */
  readonly pieces: Int32Array;
  readonly probabilities: Float32Array;
}

/** Asks a float network, behind the prefix. */
export function teach(
  instance: SyncInstance,
  prefix: readonly number[],
  ids: Int32Array,
  positions: Int32Array,
): TaughtWindow {
  const { logits } = instance.runSync({
    ids: Int32Array.from([...prefix, ...ids]),
    offsets: Int32Array.of(0, prefix.length + ids.length),
    slot: Int32Array.of(0),
    past: Int32Array.of(0),
    rows: positions.map((position) => position + prefix.length),
  });
  const columns = logits.shape[1];
  const kept = Math.min(LIKELIEST, columns - 1);
  const pieces = new Int32Array(positions.length * kept);
  const probabilities = new Float32Array(pieces.length);
  for (let row = 0; row < positions.length; row++) {
    const own = (logits.data as Float32Array).subarray(row * columns, (row + 1) * columns);
    const best = largest(own, kept);
    let sum = 0;
    for (let id = 0; id < columns; id++) sum += Math.exp(own[id] - own[best[0]]);
    best.forEach((id, i) => {
      pieces[row * kept + i] = id;
      probabilities[row * kept + i] = Math.exp(own[id] - own[best[0]]) / sum;
    });
  }
  return { ids, positions, pieces, probabilities };
}

/** Where the largest numbers are, the largest first; of equal ones the first. */
export function largest(values: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (found.length === count && !(values[i] > values[found[count - 1]])) continue;
    let at = found.length;
    while (at > 0 && values[i] > values[found[at - 1]]) at--;
    found.splice(at, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}
