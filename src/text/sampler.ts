import { FewbitError } from "../errors.ts";
import { exp } from "../numeric/exp.ts";
import { candidates, penalize } from "./_candidates.ts";
import { ln } from "./_ln.ts";
import { argmax, Descending } from "./_top.ts";
import type { RandomStream } from "./random.ts";
import type { RecentIds } from "./recent_ids.ts";
import { samplingOptions } from "./sampling_options.ts";
import type { SamplingOptions } from "./sampling_options.ts";

const { fround } = Math;

/** What the choice depends on besides the logits. */
export interface SamplerState {
  /** Drawn from once a token, unless the temperature is 0. */
  readonly random: RandomStream;
  /** What the repetition penalty looks at. Only read: append every id that enters the sequence. */
  readonly recent: RecentIds;
}

/** A token and the logarithm of its probability before penalty, temperature and filters. */
export interface TokenLogprob {
  /** Its id. */
  readonly id: number;
  /** Natural logarithm; −Infinity for a token that the network excludes. */
  readonly logprob: number;
}

/** A chosen token. */
export interface Sample {
  /** Its id. */
  readonly id: number;
  /** With the option `logprobs`: of the chosen token. */
  readonly logprob?: number;
  /** With the option `logprobs`: of the most probable tokens, from the most probable down. */
  readonly top?: readonly TokenLogprob[];
}

/**
 * Chooses the next token. The same logits, options, seed, number of draws and recent ids give the same
 * token on every host: only integer operations and +, −, ×, ÷ decide. Where scores are equal the
 * lowest id wins. O(V + k·log V) for V logits of which k survive top-k or top-p.
 *
 * Throws `invalid_argument` for an option outside its range and for logits of which none is finite or
 * one is NaN or +Infinity; −Infinity excludes a token.
 *
 * @example
 * ```ts
 * import { RandomStream, RecentIds, sample } from "@fewbit/fewbit";
 *
 * const state = { random: new RandomStream(7), recent: new RecentIds() };
 * const { id } = sample(Float32Array.of(0.1, 2.5, -1), { temperature: 0.8, topK: 2 }, state);
 * state.recent.push(id);
 * ```
 */
export function sample(
  logits: Float32Array,
  options: SamplingOptions,
  state: SamplerState,
): Sample {
  const all = samplingOptions(options);
  checkLogits(logits);
  const scores = penalize(logits, all.repetitionPenalty, state.recent);
  const id = all.temperature === 0 ? argmax(scores) : draw(scores, all, state.random);
  return sampled(logits, id, all.logprobs);
}

/**
 * A token that was chosen, with what is reported of it.
 *
 * @param count How many alternatives to report.
 */
export function sampled(logits: Float32Array, id: number, count: number): Sample {
  return count === 0 ? { id } : { id, ...logprobs(logits, id, count) };
}

function checkLogits(logits: Float32Array): void {
  if (!(logits instanceof Float32Array)) {
    throw new FewbitError("invalid_argument", "Cannot sample: logits are not a Float32Array");
  }
  let finite = 0;
  for (let id = 0; id < logits.length; id++) {
    if (Number.isFinite(logits[id])) finite++;
    else if (logits[id] !== -Infinity) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot sample: the logit of token ${id} is ${
          logits[id]
        }, expected a finite number or -Infinity`,
      );
    }
  }
  if (finite > 0) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot sample: none of ${logits.length} logits is finite`,
  );
}

function draw(
  scores: Float32Array,
  options: Required<SamplingOptions>,
  random: RandomStream,
): number {
  const { ids, weights } = candidates(scores, options);
  let sum = 0;
  for (const weight of weights) sum += weight;
  // The first id, from the lowest up, at which the running sum passes the drawn part of the whole.
  const part = random.next() * sum;
  let reached = 0;
  for (let i = 0; i < ids.length; i++) {
    reached += weights[i];
    if (reached > part) return ids[i];
  }
  // `random.next()` is less than 1, but its product with the sum may round up to the sum.
  return ids[weights.findLastIndex((weight) => weight > 0)];
}

/** ln softmax of the logits as the network gave them. */
function logprobs(logits: Float32Array, id: number, count: number): Omit<Sample, "id"> {
  const max = logits[argmax(logits)];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += exp(fround(logits[i] - max));
  const total = max + ln(sum);
  const heap = new Descending(logits);
  const top = Array.from({ length: Math.min(count, heap.length) }, () => {
    const id = heap.next();
    return { id, logprob: logits[id] - total };
  });
  return { logprob: logits[id] - total, top };
}
