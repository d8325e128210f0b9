/** From the sums of a program to embeddings. */
import { unitVector } from "./unit_vector.ts";
import type { PoolingSetup } from "./_encoder_setup.ts";

/** A text of a batch. */
export interface PooledText {
  /** Its tokens. */
  readonly length: number;
  /** How many of its first tokens are a prompt's that is not pooled. */
  readonly skipped: number;
}

/** Bounds of the tokens of each text that are not pooled and of those that are, in turn. */
export function partsOf(pooling: PoolingSetup, texts: readonly PooledText[]): Int32Array {
  const parts = new Int32Array(2 * texts.length + 1);
  let at = 0;
  texts.forEach((text, s) => {
    parts[2 * s + 1] = at + text.length - pooledCount(pooling, text);
    at += text.length;
    parts[2 * s + 2] = at;
  });
  return parts;
}

/**
 * The embedding of a text: a unit vector, or where the model does not normalise, each sum times its scale
 * over the number of tokens (`mean`) or the root of it, in float64 and rounded to float32 once.
 */
export function pooledVector(
  sums: Int32Array,
  pooling: PoolingSetup,
  text: PooledText,
): Float32Array {
  const { mode, scale } = pooling;
  if (scale === undefined) return unitVector(sums);
  const count = Math.max(1, pooledCount(pooling, text));
  const divisor = mode === "mean" ? count : mode === "mean_sqrt_len_tokens" ? Math.sqrt(count) : 1;
  return Float32Array.from(sums, (sum) => sum * scale / divisor);
}

/** Tokens that take part. Where a prompt leaves none to choose from, the first token is taken. */
function pooledCount({ mode }: PoolingSetup, { length, skipped }: PooledText): number {
  if (mode === "lasttoken") return 1;
  if (skipped < length) return length - skipped;
  return mode === "cls" ? length : 0;
}
