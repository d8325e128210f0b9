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

/**
 * Compares two models on windows: all tokens but the first of each are predicted from those before.
 *
 * @param windows Ids without a prefix, two at least each.
 */
export function compareLogits(
  float: ComparedModel,
  integers: ComparedModel,
  windows: readonly ArrayLike<number>[],
  onWindow: (done: number) => void = () => {},
): LogitComparison {
  let [tokens, loss, floatLoss, divergence] = [0, 0, 0, 0];
  for (const [w, window] of windows.entries()) {
    const ids = Array.from(window).slice(0, -1);
    const step = Math.min(
      ...[float, integers].map(({ instance: { symbols } }) =>
        Math.min(symbols.max_tokens, symbols.max_rows)
      ),
    );
    for (const { instance, before, past } of [float, integers]) {
      if (before.length > 0) runIds(instance, before, past, 0);
    }
    for (let at = 0; at < ids.length; at += step) {
      const part = ids.slice(at, at + step);
      const [p, q] = [float, integers].map(({ instance, before, past }) =>
        runIds(instance, part, past + before.length + at, part.length)
      );
      const columns = p.length / part.length;
      part.forEach((_, row) => {
        const target = window[at + row + 1];
        const [a, b] = [p, q].map((all) =>
          logProbabilities(all.subarray(row * columns, (row + 1) * columns))
        );
        floatLoss -= a[target];
        loss -= b[target];
        for (let id = 0; id < columns; id++) divergence += Math.exp(a[id]) * (a[id] - b[id]);
      });
    }
    tokens += ids.length;
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
