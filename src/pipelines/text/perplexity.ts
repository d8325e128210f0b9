/** How well a language model predicts a text. */
import { FewbitError } from "../../errors.ts";
import { pauseIfDue } from "../../event_loop.ts";
import type { LanguageModel } from "./_language_model.ts";

/**
 * How a text is measured: it is encoded once, without special tokens, and cut into windows that do not
 * overlap; in each, every token predicts the next one, the last of a window that of the window after it.
 * What is left at the end and fills no window is not counted, unless it is all there is.
 */
export interface PerplexityOptions {
  /** Tokens of a window. Default 256. */
  readonly window?: number;
  /** `zero` (the default): each window begins without a past. `carry`: it goes on from the one before. */
  readonly state?: "zero" | "carry";
  /** Whether the token that begins a text comes before each window that has no past. Default false. */
  readonly bos?: boolean;
  /** Called with the windows done and in all, and the loss so far. */
  readonly onProgress?: (done: number, total: number, loss: number) => void;
  /** Stops with its reason, within some milliseconds. */
  readonly signal?: AbortSignal;
}

/** What was measured. */
export interface Perplexity {
  /** Mean negative log likelihood in nats a token. */
  readonly loss: number;
  /** e to the loss. */
  readonly perplexity: number;
  /** Predicted tokens. */
  readonly tokens: number;
  /** Windows that they lie in. */
  readonly windows: number;
}

/** Measures token ids; the logarithms are float64. */
export async function perplexity(
  model: LanguageModel,
  ids: Int32Array,
  options: PerplexityOptions & { readonly beginId?: number },
): Promise<Perplexity> {
  const { window = 256, state = "zero", bos = false, signal, onProgress } = options;
  if (!Number.isInteger(window) || window < 1) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot measure perplexity: window is ${window}, expected a positive integer`,
    );
  }
  if (bos && options.beginId === undefined) {
    throw new FewbitError(
      "unsupported",
      "Cannot measure perplexity: the model has no token that begins a text",
    );
  }
  if (ids.length < 2) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot measure perplexity: the text has ${ids.length} tokens, expected 2 at least`,
    );
  }
  const length = Math.min(window, ids.length - 1);
  const windows = Math.floor((ids.length - 1) / length);
  const slot = model.takeSlot();
  try {
    let [sum, past] = [0, 0];
    for (let w = 0; w < windows; w++) {
      const first = w * length;
      if (state === "zero") past = 0;
      if (past === 0 && bos) {
        const begin = Int32Array.of(options.beginId!);
        await model.read(begin, { slot, past }, signal);
        past = model.pastAfter(begin, past);
      }
      const part = ids.subarray(first, first + length);
      for await (const rows of model.readAll(part, { slot, past }, signal)) {
        const count = rows.logits.length / model.vocabularySize;
        for (let i = 0; i < count; i++) {
          const logits = rows.logits.subarray(
            i * model.vocabularySize,
            (i + 1) * model.vocabularySize,
          );
          sum -= logProbability(logits, ids[first + rows.first + i + 1]);
          await pauseIfDue(signal);
        }
      }
      past = model.pastAfter(part, past);
      onProgress?.(w + 1, windows, sum / ((w + 1) * length));
    }
    const tokens = windows * length;
    const loss = sum / tokens;
    return { loss, perplexity: Math.exp(loss), tokens, windows };
  } finally {
    model.freeSlot(slot);
  }
}

/** ln softmax(logits)[id]. */
function logProbability(logits: Float32Array, id: number): number {
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - max);
  return logits[id] - max - Math.log(total);
}
