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
 * Compares models with the float one on windows: all tokens but the first of each are predicted from those before.
 *
 * @param integers What is compared: one after the other, with the float logits of a chunk computed once.
 * @param windows Ids without a prefix, two at least each.
 * @param onWindow Called after each window with how many were compared, and with what each model costs on it.
 */
export function compareLogits(
  float: LogitsOf,
  integers: readonly LogitsOf[],
  windows: readonly ArrayLike<number>[],
  onWindow: (done: number, costs: readonly LogitComparison[]) => void = () => {},
): LogitComparison[] {
  const sums = integers.map(() => new Sums());
  for (const [w, window] of windows.entries()) {
    const own = integers.map(() => new Sums());
    const last = window.length - 1;
    for (let at = 0; at < last; at += CHUNK) {
      const count = Math.min(CHUNK, last - at);
      const p = float(w, at, count);
      const columns = p.length / count;
      const all = integers.map((logits) => logits(w, at, count));
      for (let row = 0; row < count; row++) {
        const rowOf = (logits: Float64Array): Float64Array =>
          logits.subarray(row * columns, (row + 1) * columns);
        const target = window[at + row + 1];
        const wanted = rowOf(p);
        const norm = logSum(wanted);
        const probabilities = wanted.map((logit) => Math.exp(logit - norm));
        all.forEach((q, i) => own[i].add(wanted, norm, probabilities, rowOf(q), target));
      }
    }
    own.forEach((cost, i) => sums[i].addAll(cost));
    onWindow(w + 1, own.map((cost) => cost.means()));
  }
  return sums.map((sum) => sum.means());
}

/** What tokens cost, summed. */
class Sums {
  tokens = 0;
  loss = 0;
  floatLoss = 0;
  divergence = 0;

  /** One token: logits p with their ln Σ exp and probabilities, logits q. */
  add(
    p: Float64Array,
    norm: number,
    probabilities: Float64Array,
    q: Float64Array,
    target: number,
  ): void {
    const other = logSum(q);
    let divergence = other - norm;
    for (let id = 0; id < p.length; id++) divergence += probabilities[id] * (p[id] - q[id]);
    this.tokens += 1;
    this.loss += other - q[target];
    this.floatLoss += norm - p[target];
    this.divergence += divergence;
  }

  addAll({ tokens, loss, floatLoss, divergence }: Sums): void {
    this.tokens += tokens;
    this.loss += loss;
    this.floatLoss += floatLoss;
    this.divergence += divergence;
  }

  means(): LogitComparison {
    const { tokens, loss, floatLoss, divergence } = this;
    return {
      tokens,
      loss: loss / tokens,
      floatLoss: floatLoss / tokens,
      divergence: divergence / tokens,
    };
  }
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
  const scaled = Float64Array.from(data as Float32Array);
  for (let i = 0; i < scaled.length; i++) scaled[i] *= unit;
  return scaled;
}

/** ln Σ exp. */
function logSum(logits: Float64Array): number {
  let most = -Infinity;
  for (let id = 0; id < logits.length; id++) if (logits[id] > most) most = logits[id];
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += Math.exp(logits[id] - most);
  return most + Math.log(sum);
}
