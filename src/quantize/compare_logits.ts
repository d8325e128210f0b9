/** What integers cost: their logits beside those of the float network. */
import type { SyncInstance } from "../engines/engine.ts";

/** A loaded language model of one session. */
export interface ComparedModel {
  readonly instance: SyncInstance;
  /** Ids before each window that it has to read; the prefix of integers belongs to the program. */
  readonly before: readonly number[];
  /** Tokens that count as read. */
  readonly past: number;
}

/** Means over the predicted tokens of windows, in nats. */
export interface LogitComparison {
  /** Tokens that were predicted. */
  readonly tokens: number;
  /** −ln p of the text. */
  readonly loss: number;
  /** The same of the float network. */
  readonly floatLoss: number;
  /** KL(float ‖ integers). */
  readonly divergence: number;
}

/** Logits of a model behind tokens of windows: so many rows from a token of a window on, float64. */
export type LogitsOf = (window: number, at: number, count: number) => Float64Array;

/** Ids that a model reads at once. */
const CHUNK = 64;

/** What a loaded model says of windows; chunks of one are asked for in order. */
export function logitsOf(
  { instance, before, past }: ComparedModel,
  windows: readonly ArrayLike<number>[],
): LogitsOf {
  return (w, at, count) => {
    if (at === 0 && before.length > 0) runIds(instance, before, past, 0);
    const ids = Array.from(windows[w]).slice(at, at + count);
    return runIds(instance, ids, past + before.length + at, count);
  };
}

/** The same, kept for the next time: 4 bytes for each piece of a vocabulary and token. */
export function keptLogits(logits: LogitsOf): LogitsOf {
  const kept = new Map<string, Float32Array>();
  return (w, at, count) => {
    const key = `${w} ${at} ${count}`;
    const rows = kept.get(key) ?? Float32Array.from(logits(w, at, count));
    kept.set(key, rows);
    return Float64Array.from(rows);
  };
}

/**
 * Compares two models on windows: all tokens but the first of each are predicted from those before.
 *
 * @param windows Ids without a prefix, two at least each.
 */
export function compareLogits(
  float: LogitsOf,
  integers: LogitsOf,
  windows: readonly ArrayLike<number>[],
  onWindow: (done: number) => void = () => {},
): LogitComparison {
  let [tokens, loss, floatLoss, divergence] = [0, 0, 0, 0];
  for (const [w, window] of windows.entries()) {
    const last = window.length - 1;
    for (let at = 0; at < last; at += CHUNK) {
      const count = Math.min(CHUNK, last - at);
      const [p, q] = [float, integers].map((logits) => logits(w, at, count));
      const columns = p.length / count;
      for (let row = 0; row < count; row++) {
        const target = window[at + row + 1];
        const [a, b] = [p, q].map((all) =>
          logProbabilities(all.subarray(row * columns, (row + 1) * columns))
        );
        floatLoss -= a[target];
        loss -= b[target];
        for (let id = 0; id < columns; id++) divergence += Math.exp(a[id]) * (a[id] - b[id]);
      }
    }
    tokens += last;
    onWindow(w + 1);
  }
  return {
    tokens,
    loss: loss / tokens,
    floatLoss: floatLoss / tokens,
    divergence: divergence / tokens,
  };
}

/** Logits of the first so many ids of one session, in float64. */
function runIds(
  instance: SyncInstance,
  ids: readonly number[],
  past: number,
  rows: number,
): Float64Array {
  const { logits: { dtype, data } } = instance.runSync({
    ids: Int32Array.from(ids),
    offsets: Int32Array.of(0, ids.length),
    slot: Int32Array.of(0),
    past: Int32Array.of(past),
    rows: Int32Array.from({ length: Math.max(rows, 1) }, (_, i) => i),
  });
  const unit = dtype === "i32" ? 2 ** -12 : 1;
  return Float64Array.from(data as Float32Array, (logit) => logit * unit);
}

/** ln softmax. */
function logProbabilities(logits: Float64Array): Float64Array {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const norm = most + Math.log(sum);
  return logits.map((logit) => logit - norm);
}
