import { exp } from "../numeric/exp.ts";
import type { SamplingOptions } from "./sampling_options.ts";
import type { RecentIds } from "./recent_ids.ts";
import { argmax, Descending } from "./_top.ts";

const { fround } = Math;

/** Tokens that may be drawn, by id, and their weights e^score. */
export interface Candidates {
  readonly ids: Uint32Array;
  readonly weights: Float32Array;
}

/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** A copy, in which each recent id is penalised once however often it occurs. */
export function penalize(logits: Float32Array, penalty: number, recent: RecentIds): Float32Array {
  const scores = logits.slice();
  if (penalty === 1) return scores;
  for (const id of new Set(recent)) {
    if (id >= scores.length || scores[id] === -Infinity) continue;
    const score = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
    // Finite scores stay finite in float32.
    scores[id] = Math.max(-LARGEST, Math.min(LARGEST, score));
  }
  return scores;
}

/**
 * Temperature, top-k, top-p and min-p, each on what the one before left, as Hugging Face's `generate`
 * does. Weights are float32 and their sums float64, added from the lowest id up (for top-p's running
 * sum: from the most probable down), so that they are the same on every host. Overwrites the scores.
 */
export function candidates(
  scores: Float32Array,
  { temperature, topK, topP, minP }: Required<SamplingOptions>,
): Candidates {
  // The largest becomes 0 before the division, so that no temperature makes it infinite.
  const max = scores[argmax(scores)];
  for (let id = 0; id < scores.length; id++) scores[id] = fround(scores[id] - max) / temperature;
  let ids = finite(scores);
  if (topK > 0 && topK < ids.length) ids = largest(scores, topK);
  let weights = weigh(scores, ids);
  if (topP < 1) {
    ids = nucleus(scores, ids, weights, topP);
    weights = weigh(scores, ids);
  }
  if (minP > 0) {
    ids = ids.filter((_, i) => weights[i] >= minP);
    weights = weights.filter((weight) => weight >= minP);
  }
  return { ids, weights };
}

function finite(scores: Float32Array): Uint32Array {
  const ids = new Uint32Array(scores.length);
  let length = 0;
  for (let id = 0; id < scores.length; id++) if (scores[id] > -Infinity) ids[length++] = id;
  return ids.subarray(0, length);
}

function largest(scores: Float32Array, count: number): Uint32Array {
  const heap = new Descending(scores);
  return Uint32Array.from({ length: count }, () => heap.next()).sort();
}

function weigh(scores: Float32Array, ids: Uint32Array): Float32Array {
  const weights = new Float32Array(ids.length);
  for (let i = 0; i < ids.length; i++) weights[i] = exp(scores[ids[i]]);
  return weights;
}

/** An id is kept while the more probable ones have less than `topP` of the whole. */
function nucleus(
  scores: Float32Array,
  ids: Uint32Array,
  weights: Float32Array,
  topP: number,
): Uint32Array {
  const enough = topP * weights.reduce((sum, weight) => sum + weight, 0);
  // `ids` are the largest scores, so that they are also the first of all that the heap gives.
  const heap = new Descending(scores);
  const kept: number[] = [];
  let sum = 0;
  do {
    const id = heap.next();
    kept.push(id);
    sum += exp(scores[id]);
  } while (sum < enough && kept.length < ids.length);
  return Uint32Array.from(kept).sort();
}
