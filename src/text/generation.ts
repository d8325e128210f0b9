/**
 * How a text goes on, as a function of logits: which id is next, what of its text is certain, whether it
 * ends here. Nothing waits, and nothing knows of a network.
 */
import { FewbitError } from "../errors.ts";
import { Detokenizer } from "./detokenizer.ts";
import { RandomStream } from "./random.ts";
import { RecentIds } from "./recent_ids.ts";
import { integerDraw } from "./integer_draw.ts";
import type { IntegerDraw } from "./integer_draw.ts";
import { sample, sampled } from "./sampler.ts";
import type { Sample, TokenLogprob } from "./sampler.ts";
import { samplingOptions } from "./sampling_options.ts";
import type { SamplingOptions } from "./sampling_options.ts";
import { StopStrings } from "./stop_strings.ts";
import { constrained } from "./token_constraint.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Most tokens of an answer where neither a caller nor the model says. */
export const DEFAULT_MAX_TOKENS = 256;

/** Options of an answer. What is left out is as the model's generation_config.json has it. */
export interface GenerationOptions extends SamplingOptions {
  /** Most tokens to generate. Default: the model's, else 256. */
  readonly maxTokens?: number;
  /** Texts that end the answer and are no part of it. */
  readonly stop?: string | readonly string[];
  /** The same seed gives the same text on every host. Default: a random one. */
  readonly seed?: number;
  /** Whether the ids that end a text end it. Default true. */
  readonly stopAtEnd?: boolean;
}

/** What every text of a model has in common. */
export interface GenerationSetup {
  /** Absent where the model came without one: then ids have no text. */
  readonly tokenizer?: Tokenizer;
  /** Ids that end a text. */
  readonly endIds: readonly number[];
  /** Options where a caller gives none. */
  readonly defaults: SamplingOptions & { readonly maxTokens?: number };
}

/** What has to be kept of a text to write on: it does not grow with the text. */
export interface GenerationState {
  /** The last 64 ids of prompts and answers, oldest first. */
  readonly recent: readonly number[];
  /** Seed of the random numbers. */
  readonly seed: number;
  /** How many were drawn. */
  readonly draws: number;
  /** Whether a U+FFFD is held back, which may be the beginning of a character. */
  readonly held: boolean;
  /** Text that is held back, which a stop string may begin with. */
  readonly pending: string;
}

/** The state before any text. */
export const EMPTY_TEXT: GenerationState = {
  recent: [],
  seed: 0,
  draws: 0,
  held: false,
  pending: "",
};

/** A token of the answer. */
export interface GeneratedToken extends TokenLogprob {
  /** With the option `logprobs`: the most probable tokens. */
  readonly top?: readonly TokenLogprob[];
}

/** What became of the logits of one position. */
export interface GenerationStep {
  /** The id that was chosen. */
  readonly id: number;
  /** Text that is certain now: whole characters, no part of a stop string. */
  readonly text: string;
  /** With the option `logprobs`. */
  readonly token?: GeneratedToken;
  /** `stop` at a stop string or an end of text, `length` after `maxTokens`. */
  readonly finishReason?: "stop" | "length";
}

/**
 * An answer, token by token.
 *
 *     logits ─ sample ─▶ id ─ detokenizer ─▶ characters ─ stop strings ─▶ text
 */
export class Generation {
  readonly #sampling: Required<SamplingOptions>;
  readonly #maxTokens: number;
  readonly #endIds: readonly number[];
  readonly #recent: RecentIds;
  readonly #random: RandomStream;
  readonly #stops: StopStrings;
  readonly #detokenizer: Detokenizer | undefined;
  #count = 0;
  #isFinished = false;

  /**
   * Begins an answer, or goes on with one.
   *
   * @param state The text so far.
   * @param prompt Ids behind it that the answer follows. With none the text goes on, and what was held
   * back comes first.
   * @throws {FewbitError} `invalid_argument` for options out of range.
   */
  constructor(
    { tokenizer, endIds, defaults }: GenerationSetup,
    options: GenerationOptions,
    state: GenerationState,
    prompt: ArrayLike<number> & Iterable<number>,
  ) {
    const { stop = [], stopAtEnd = true, seed } = options;
    const maxTokens = options.maxTokens ?? defaults.maxTokens ?? DEFAULT_MAX_TOKENS;
    this.#sampling = samplingOptions({ ...defaults, ...given(options) });
    checkCount("maxTokens", maxTokens, 1, 2 ** 31);
    if (seed !== undefined) checkCount("seed", seed, 0, Number.MAX_SAFE_INTEGER);
    const goesOn = prompt.length === 0;
    this.#maxTokens = maxTokens;
    this.#endIds = stopAtEnd ? endIds : [];
    this.#stops = new StopStrings(
      typeof stop === "string" ? [stop] : stop,
      goesOn ? state.pending : "",
    );
    this.#random = seed === undefined
      ? new RandomStream(state.seed, state.draws)
      : new RandomStream(seed);
    this.#recent = new RecentIds(state.recent);
    for (const id of prompt) this.#recent.push(id);
    if (tokenizer === undefined) return;
    const { ids } = new Detokenizer(tokenizer, { context: this.#recent }).state;
    this.#detokenizer = new Detokenizer(tokenizer, { state: { ids, held: goesOn && state.held } });
  }

  /** What to save: another answer without a prompt goes on from here. */
  get state(): GenerationState {
    return {
      recent: [...this.#recent],
      seed: this.#random.seed,
      draws: this.#random.draws,
      held: this.#detokenizer?.state.held ?? false,
      pending: this.#stops.pending,
    };
  }

  /** What a sampler of integers draws the next id by; it knows no repetition penalty. */
  get draw(): IntegerDraw | undefined {
    const { repetitionPenalty } = this.#sampling;
    return repetitionPenalty === 1 ? integerDraw(this.#sampling, this.#random) : undefined;
  }

  /**
   * Chooses the next token.
   *
   * @param logits Of all ids, behind the last one. −Infinity excludes an id.
   * @param drawn The id, where it was chosen by {@linkcode draw}.
   * @param allowed Which ids may be chosen, as a `TokenConstraint` has them; log probabilities are those
   * among them. Default: all.
   * @throws {FewbitError} `invalid_argument` for other logits that are not finite, and after the end.
   */
  step(logits: Float32Array, drawn?: number, allowed?: Int32Array): GenerationStep {
    if (this.#isFinished) {
      throw new FewbitError("invalid_argument", "Cannot generate text: the answer has ended");
    }
    const possible = allowed === undefined ? logits : constrained(logits, allowed);
    const { id, logprob, top } = this.#choose(possible, drawn);
    this.#recent.push(id);
    this.#count++;
    const ended = this.#endIds.includes(id);
    const { text, stopped } = this.#stops.push(ended ? "" : this.#detokenizer?.push(id) ?? "");
    const finishReason = ended || stopped !== undefined
      ? "stop"
      : this.#count === this.#maxTokens
      ? "length"
      : undefined;
    return {
      id,
      text: finishReason === undefined ? text : text + this.#finish(stopped !== undefined),
      ...logprob !== undefined && { token: { id, logprob, ...top && { top } } },
      ...finishReason && { finishReason },
    };
  }

  #choose(logits: Float32Array, drawn: number | undefined): Sample {
    const { temperature, logprobs } = this.#sampling;
    const state = { random: this.#random, recent: this.#recent };
    if (drawn === undefined) return sample(logits, this.#sampling, state);
    if (temperature > 0) this.#random.next();
    return sampled(logits, drawn, logprobs);
  }

  /** What was held back, as far as it belongs to the answer. */
  #finish(isStopped: boolean): string {
    this.#isFinished = true;
    const held = this.#detokenizer?.flush() ?? "";
    // What a stop string did not end may yet become a character; the text is over only here.
    const text = isStopped ? "" : this.#stops.push(held).text;
    return text + this.#stops.flush();
  }
}

/** The text with ids behind it that an answer need not follow. */
export function appendIds(state: GenerationState, ids: Iterable<number>): GenerationState {
  const recent = new RecentIds(state.recent);
  for (const id of ids) recent.push(id);
  return { ...state, recent: [...recent] };
}

/** A text with these ids, and the random numbers of another one. */
export function textOf(ids: Iterable<number>, { seed, draws }: GenerationState): GenerationState {
  return appendIds({ ...EMPTY_TEXT, seed, draws }, ids);
}

/** The options that are not left out. */
function given(options: GenerationOptions): GenerationOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkCount(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot generate text: ${name} is ${value}, expected an integer from ${least} to ${most}`,
  );
}
