/** How the goldens of Llamas are run. */
import type { SyncInstance } from "../../src/engines/engine.ts";

/** The best id, the lowest among equals. */
export function bestOf(logits: Float32Array): number {
  return logits.reduce((best, logit, id) => logit > logits[best] ? id : best, 0);
}

/** Runs ids of one session; gives the logits of some rows, one behind the other. */
export function runIds(
  instance: SyncInstance,
  ids: ArrayLike<number>,
  past: number,
  rows: ArrayLike<number>,
  slot = 0,
): Float32Array {
  const { logits } = instance.runSync({
    ids: Int32Array.from(ids),
    offsets: Int32Array.of(0, ids.length),
    slot: Int32Array.of(slot),
    past: Int32Array.of(past),
    rows: Int32Array.from(rows),
  });
  return logits.data as Float32Array;
}

/** Reads a prompt, then takes the best id so many times. */
export function greedy(instance: SyncInstance, prompt: readonly number[], steps: number): number[] {
  const ids: number[] = [];
  let logits = runIds(instance, prompt, 0, [prompt.length - 1]);
  for (let past = prompt.length; ids.length < steps; past++) {
    ids.push(bestOf(logits));
    if (ids.length < steps) logits = runIds(instance, ids.slice(-1), past, [0]);
  }
  return ids;
}

/** −ln p of a target behind a row of logits, in float64. */
export function lossOf(logits: Float32Array, target: number): number {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return Math.log(sum) + most - logits[target];
}

/**
 * −ln p of each target, a row of logits for each input, which are read in chunks.
 *
 * @param onRow Sees the rows.
 */
export function lossesOf(
  instance: SyncInstance,
  inputs: readonly number[],
  targets: readonly number[],
  onRow: (row: Float32Array, at: number) => void = () => {},
): number[] {
  const losses: number[] = [];
  const chunk = Math.min(instance.symbols.max_tokens, instance.symbols.max_rows);
  for (let at = 0; at < inputs.length; at += chunk) {
    const ids = inputs.slice(at, at + chunk);
    const logits = runIds(instance, ids, at, [...ids.keys()]);
    const columns = logits.length / ids.length;
    ids.forEach((_, i) => {
      const row = logits.subarray(i * columns, (i + 1) * columns);
      onRow(row, at + i);
      if (at + i < targets.length) losses.push(lossOf(row, targets[at + i]));
    });
  }
  return losses;
}
