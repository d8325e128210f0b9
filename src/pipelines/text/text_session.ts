/** A conversation with a language model: what it has read, and how the text goes on. */
import { FewbitError } from "../../errors.ts";
import { Detokenizer } from "../../text/detokenizer.ts";
import { RandomStream } from "../../text/random.ts";
import { RecentIds } from "../../text/recent_ids.ts";
import { sample } from "../../text/sampler.ts";
import type { TokenLogprob } from "../../text/sampler.ts";
import { samplingOptions } from "../../text/sampling_options.ts";
import type { SamplingOptions } from "../../text/sampling_options.ts";
import { StopStrings } from "../../text/stop_strings.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { readIds } from "./_language_model.ts";
import type { LanguageModel } from "./_language_model.ts";
import { decodeSession, encodeSession } from "./_saved_session.ts";
import type { SavedSession } from "./_saved_session.ts";
import type { TextSetup } from "./_text_model.ts";

/** Options of generating. What is left out is as the model's generation_config.json has it. */
export interface GenerateOptions extends SamplingOptions {
  /** Most tokens to generate. Default: the model's, else 256. */
  readonly maxTokens?: number;
  /** Texts that end the answer and are no part of it. */
  readonly stop?: string | readonly string[];
  /** The same seed gives the same text on every host. Default: a random one. */
  readonly seed?: number;
  /** Whether the ids that end a text end it. Default true. */
  readonly stopAtEnd?: boolean;
  /** Stops between two tokens with its reason. */
  readonly signal?: AbortSignal;
}

/** A token of the answer. */
export interface GeneratedToken extends TokenLogprob {
  /** With the option `logprobs`: the most probable tokens. */
  readonly top?: readonly TokenLogprob[];
}

/** How much was read and written. */
export interface Usage {
  /** Tokens of the prompt. */
  readonly promptTokens: number;
  /** Tokens of the answer, the one that ended it included. */
  readonly completionTokens: number;
  /** Milliseconds until the prompt was read. */
  readonly promptMs: number;
  /** Milliseconds from then on. */
  readonly completionMs: number;
}

/** A piece of the answer. The last one has a reason and the usage, and maybe no text. */
export interface TextPiece {
  /** Text that is certain: whole characters, no part of a stop string. */
  readonly text: string;
  /** Ids since the last piece. */
  readonly ids: readonly number[];
  /** With the option `logprobs`: for each of the ids. */
  readonly tokens?: readonly GeneratedToken[];
  /** `stop` at a stop string or an end of text, `length` after `maxTokens`. */
  readonly finishReason?: "stop" | "length";
  /** With the last piece. */
  readonly usage?: Usage;
}

const MAX_SEED = 2 ** 32;
/**
 * A conversation. What it remembers does not grow: the network's state, the last 64 ids, where the
 * random numbers are, and text that is held back.
 *
 * @example
 * ```ts
 * import { TextGenerator } from "@fewbit/fewbit";
 *
 * using lm = await TextGenerator.fromPretrained(undefined, { sessions: 2 });
 * using session = lm.session();
 * for await (const { text } of session.generate("ROMEO:", { seed: 1, maxTokens: 20 })) console.log(text);
 * using other = session.fork();
 * for await (const { text } of other.generate("\n\nJULIET:", { maxTokens: 20 })) console.log(text);
 * ```
 */
export class TextSession implements Disposable {
  readonly #model: LanguageModel;
  readonly #setup: TextSetup;
  readonly #slot: number;
  #past = 0;
  /** Ids that belong to the text and were not read yet: at most the last one of an answer. */
  #unread: number[] = [];
  #recent = new RecentIds();
  #random = new RandomStream(0);
  #held = false;
  #pending = "";
  /** Whether an answer has begun and not ended: nothing else may change the session. */
  #busy = false;
  /** Whether the network is at work: the state is not to be saved. */
  #reading = false;
  /** Aborted when the session is disposed: nothing of it may touch its slot from then on. */
  readonly #end = new AbortController();

  /** Begins an empty conversation; use `TextGenerator.session`. */
  constructor(model: LanguageModel, setup: TextSetup) {
    this.#model = model;
    this.#setup = setup;
    this.#slot = model.takeSlot();
    model.instance.reset(this.#slot);
  }

  /** Tokens so far, prompts and answers. */
  get length(): number {
    return this.#past + this.#unread.length;
  }

  /**
   * Reads a prompt and writes on, piece by piece.
   *
   * @param prompt A text, ids, or nothing to go on from where the last answer stopped.
   * @throws {FewbitError} `invalid_argument` for options out of range, ids that are none, or an empty
   * conversation.
   */
  async *generate(
    prompt?: string | ArrayLike<number>,
    options: GenerateOptions = {},
  ): AsyncGenerator<TextPiece, void, undefined> {
    const { defaults } = this.#setup;
    const { stop = [], stopAtEnd = true } = options;
    const maxTokens = options.maxTokens ?? defaults.maxTokens ?? 256;
    const sampling = samplingOptions({ ...defaults, ...given(options) });
    checkCount("maxTokens", maxTokens, 1, 2 ** 31);
    if (options.seed !== undefined) checkCount("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
    const ids = prompt === undefined ? new Int32Array(0) : this.#encode(prompt);
    if (ids.length + this.length === 0) {
      throw new FewbitError("invalid_argument", "Cannot generate text: the prompt has no tokens");
    }
    if (ids.length + this.#unread.length === 0) {
      // The logits behind the last id were not kept.
      throw new FewbitError(
        "invalid_argument",
        "Cannot generate text: all of the conversation was read; give the end of the prompt here, " +
          "not to append",
      );
    }
    const goesOn = ids.length === 0;
    const stops = new StopStrings(
      typeof stop === "string" ? [stop] : stop,
      goesOn ? this.#pending : "",
    );
    const signal = this.#signal(options.signal);
    signal.throwIfAborted();
    this.#enter();
    try {
      if (options.seed !== undefined) this.#random = new RandomStream(options.seed);
      else if (this.length === 0) this.#random = new RandomStream(randomSeed());
      const start = performance.now();
      let logits = await this.#read(ids, signal);
      const detokenizer = this.#detokenizer(goesOn);
      const promptMs = performance.now() - start;
      let piece = new Piece();
      for (let count = 1;; count++) {
        const chosen = sample(logits, sampling, { random: this.#random, recent: this.#recent });
        piece.add(chosen.id, chosen.logprob, chosen.top);
        this.#recent.push(chosen.id);
        this.#unread = [chosen.id];
        const ended = stopAtEnd && this.#setup.endIds.includes(chosen.id);
        const { text, stopped } = stops.push(ended ? "" : detokenizer?.push(chosen.id) ?? "");
        piece.text += text;
        this.#held = detokenizer?.state.held ?? false;
        this.#pending = stops.pending;
        const finishReason = ended || stopped !== undefined
          ? "stop" as const
          : count === maxTokens
          ? "length" as const
          : undefined;
        if (finishReason !== undefined) {
          // What a stop string did not end may yet become a character; the text is over only here.
          if (stopped === undefined) piece.text += stops.push(detokenizer?.flush() ?? "").text;
          piece.text += stops.flush();
          this.#held = false;
          this.#pending = "";
          const completionMs = performance.now() - start - promptMs;
          const usage = { promptTokens: ids.length, completionTokens: count, promptMs };
          yield piece.finish(finishReason, { ...usage, completionMs });
          return;
        }
        if (piece.text !== "" || detokenizer === undefined) {
          yield piece.finish();
          piece = new Piece();
        }
        signal.throwIfAborted();
        logits = await this.#read(new Int32Array(0), signal);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Reads a text or ids without writing anything. */
  async append(
    prompt: string | ArrayLike<number>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const ids = this.#encode(prompt);
    this.#enter();
    try {
      if (ids.length > 0) await this.#read(ids, this.#signal(options.signal));
    } finally {
      this.#busy = false;
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.#assertUsable();
    this.#assertIdle();
    this.#model.instance.reset(this.#slot);
    this.#load({ past: 0, unread: [], recent: [], seed: 0, draws: 0, held: false, pending: "" });
  }

  /**
   * The conversation as bytes: the network's state and less than 1 KB, however long it is. They name
   * the program, and only a session of the same one takes them. Between two pieces of an answer is a
   * good moment.
   */
  save(): Uint8Array<ArrayBuffer> {
    this.#assertUsable();
    if (this.#reading) {
      throw new FewbitError("invalid_argument", "Cannot save session: it is reading");
    }
    const saved: SavedSession = {
      past: this.#past,
      unread: this.#unread,
      recent: [...this.#recent],
      seed: this.#random.seed,
      draws: this.#random.draws,
      held: this.#held,
      pending: this.#pending,
    };
    return encodeSession(saved, this.#model.instance.saveState(this.#slot));
  }

  /** Takes what {@linkcode save} gave; nothing changes where it is damaged. */
  restore(bytes: Uint8Array): void {
    this.#assertUsable();
    this.#assertIdle();
    const { saved, state } = decodeSession(bytes, this.#model.vocabularySize);
    this.#model.instance.restoreState(state, this.#slot);
    this.#load(saved);
  }

  /**
   * A conversation that goes on from here on its own.
   *
   * @throws {FewbitError} `limit_exceeded` where all sessions are in use.
   */
  fork(): TextSession {
    const saved = this.save();
    const other = new TextSession(this.#model, this.#setup);
    other.restore(saved);
    return other;
  }

  /** Gives the session back to its generator. */
  [Symbol.dispose](): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort(disposedError());
    this.#model.freeSlot(this.#slot);
  }

  #load(saved: SavedSession): void {
    this.#past = saved.past;
    this.#unread = [...saved.unread];
    this.#recent = new RecentIds(saved.recent);
    this.#random = new RandomStream(saved.seed, saved.draws);
    this.#held = saved.held;
    this.#pending = saved.pending;
  }

  /** Special tokens, where a text begins with any, only at the beginning of the conversation. */
  #encode(prompt: string | ArrayLike<number>): Int32Array {
    if (typeof prompt === "string") {
      const tokenizer = requireTokenizer(this.#setup.tokenizer);
      return tokenizer.encode(prompt, { addSpecialTokens: this.length === 0 }).ids;
    }
    return readIds(prompt);
  }

  /** Reads what is unread and then the ids. A chunk that an abort interrupts leaves nothing behind. */
  async #read(ids: Int32Array, signal: AbortSignal): Promise<Float32Array> {
    const model = this.#model;
    model.checkIds(ids);
    const all = Int32Array.from([...this.#unread, ...ids]);
    const before = model.instance.snapshot(this.#slot);
    this.#reading = true;
    try {
      const position = { slot: this.#slot, past: this.#past };
      const logits = await model.read(all, position, signal);
      this.#assertUsable();
      for (const id of ids) this.#recent.push(id);
      this.#past += all.length;
      this.#unread = [];
      return logits;
    } catch (error) {
      // The slot may be another session's by now.
      this.#assertUsable();
      model.instance.rollback(before);
      throw error;
    } finally {
      this.#reading = false;
    }
  }

  /** Without a tokenizer there are ids and no text. */
  #detokenizer(goesOn: boolean): Detokenizer | undefined {
    const { tokenizer } = this.#setup;
    if (tokenizer === undefined) return undefined;
    if (!goesOn) return new Detokenizer(tokenizer, { context: this.#recent });
    const { ids } = new Detokenizer(tokenizer, { context: this.#recent }).state;
    return new Detokenizer(tokenizer, { state: { ids, held: this.#held } });
  }

  /** The caller's signal, and the end of the session. */
  #signal(given: AbortSignal | undefined): AbortSignal {
    const end = this.#end.signal;
    return given === undefined ? end : AbortSignal.any([end, given]);
  }

  #enter(): void {
    this.#assertUsable();
    this.#assertIdle();
    this.#busy = true;
  }

  #assertUsable(): void {
    if (this.#end.signal.aborted) throw disposedError();
  }

  #assertIdle(): void {
    if (this.#busy) {
      throw new FewbitError("invalid_argument", "Cannot use session: it is generating");
    }
  }
}

function disposedError(): FewbitError {
  return new FewbitError("disposed", "Cannot use session: it was disposed");
}

/** Collects what goes into a piece. */
class Piece {
  text = "";
  readonly #ids: number[] = [];
  readonly #tokens: GeneratedToken[] = [];

  add(id: number, logprob: number | undefined, top: readonly TokenLogprob[] | undefined): void {
    this.#ids.push(id);
    if (logprob !== undefined) this.#tokens.push({ id, logprob, ...top && { top } });
  }

  finish(finishReason?: "stop" | "length", usage?: Usage): TextPiece {
    return {
      text: this.text,
      ids: this.#ids,
      ...this.#tokens.length > 0 && { tokens: this.#tokens },
      ...finishReason && { finishReason },
      ...usage && { usage },
    };
  }
}

function checkCount(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot generate text: ${name} is ${value}, expected an integer from ${least} to ${most}`,
  );
}

/** The text side of a model, where it has one. */
export function requireTokenizer(tokenizer: Tokenizer | undefined): Tokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new FewbitError("unsupported", "The model came without a tokenizer: give token ids");
}

/** The options that are not left out. */
function given(options: GenerateOptions): GenerateOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] % MAX_SEED;
}
