/** A conversation with a language model: what it has read, and how the text goes on. */
import type { StateSnapshot } from "../../engines/engine.ts";
import { FewbitError } from "../../errors.ts";
import { appendIds, DEFAULT_MAX_TOKENS, EMPTY_TEXT, Generation } from "../../text/generation.ts";
import type { GenerationOptions, GenerationState, GenerationStep } from "../../text/generation.ts";
import type { TokenConstraint } from "../../text/token_constraint.ts";
import { readIds } from "./_language_model.ts";
import type { LanguageModel } from "./_language_model.ts";
import { decodeSession, encodeSession } from "./_saved_session.ts";
import { randomSeed } from "./_random_seed.ts";
import { requireTokenizer } from "./_text_setup.ts";
import type { TextSetup } from "./_text_setup.ts";
import { textPiece } from "./text_piece.ts";
import type { TextPiece } from "./text_piece.ts";

/**
 * Options of generating. What is left out is as the model's generation_config.json has it. A model with
 * attention ends for `length` where its context is full.
 */
export interface GenerateOptions extends GenerationOptions {
  /** Stops with its reason, within some milliseconds. */
  readonly signal?: AbortSignal;
  /** Which ids may come next, such as those of a grammar. Made for this answer. Default: all. */
  readonly constraint?: TokenConstraint;
}

const NO_IDS = new Int32Array(0);

/**
 * A conversation. What it remembers beside the network's state does not grow: the last 64 ids, where the
 * random numbers are, and text that is held back. The state of a network with attention is a row for each
 * token in each layer, that of one with a recurrence does not grow either.
 *
 * @example
 * ```ts
 * import { TextGenerator } from "@fewbit/fewbit";
 *
 * using lm = await TextGenerator.fromPretrained(undefined, { sessions: 2 });
 * using session = lm.session();
 * for await (const { text } of session.generate("ROMEO:", { seed: 1, maxTokens: 20 })) console.log(text);
 * using other = await session.fork();
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
  /** How the text goes on, unless an answer is in progress, which knows better. */
  #text = EMPTY_TEXT;
  #generation: Generation | undefined;
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

  /** Tokens so far, prompts and answers; of a model with a prefix, those of it, too. */
  get length(): number {
    return this.#past + this.#unread.length;
  }

  /**
   * Reads a prompt and writes on, piece by piece. Other work of the host goes on about every 8
   * milliseconds, within a run of the network, too; a text is tokenised at one go.
   *
   * @param prompt A text, ids, or nothing to go on from where the last answer stopped.
   * @throws {FewbitError} `invalid_argument` for options out of range, ids that are none, or an empty
   * conversation.
   */
  async *generate(
    prompt?: string | ArrayLike<number>,
    options: GenerateOptions = {},
  ): AsyncGenerator<TextPiece, void, undefined> {
    const ids = prompt === undefined ? NO_IDS : this.#encode(prompt);
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
    const { signal: given, constraint, ...rest } = options;
    const answer = {
      ...rest,
      ...this.length === 0 && { seed: rest.seed ?? randomSeed() },
      ...this.#fitting(rest.maxTokens ?? this.#setup.defaults.maxTokens, ids),
    };
    const generation = new Generation(this.#setup, answer, this.#text, ids);
    const signal = this.#signal(given);
    signal.throwIfAborted();
    this.#enter();
    try {
      const { seed, draws } = generation.state;
      this.#text = { ...this.#text, seed, draws };
      const start = performance.now();
      let logits = await this.#read(ids, signal);
      this.#generation = generation;
      const promptMs = performance.now() - start;
      let steps: GenerationStep[] = [];
      for (let count = 1;; count++) {
        const step = generation.step(logits, await constraint?.allowed());
        constraint?.accept(step.id);
        this.#unread = [step.id];
        steps.push(step);
        if (step.finishReason !== undefined) {
          const completionMs = performance.now() - start - promptMs;
          const usage = { promptTokens: ids.length, completionTokens: count, promptMs };
          yield textPiece(steps, { ...usage, completionMs });
          return;
        }
        if (step.text !== "" || this.#setup.tokenizer === undefined) {
          yield textPiece(steps);
          steps = [];
        }
        signal.throwIfAborted();
        logits = await this.#read(NO_IDS, signal);
      }
    } finally {
      this.#text = this.#generation?.state ?? this.#text;
      this.#generation = undefined;
      this.#busy = false;
      constraint?.end?.();
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
      if (ids.length === 0) return;
      await this.#read(ids, this.#signal(options.signal));
      this.#text = appendIds(this.#text, ids);
    } finally {
      this.#busy = false;
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.#assertUsable();
    this.#assertIdle();
    this.#model.instance.reset(this.#slot);
    this.#load(0, [], EMPTY_TEXT);
  }

  /**
   * The conversation as bytes: the network's state, of caches what is in use, and less than 1 KB. They name
   * the program, and only a session of the same one takes them. Between two pieces of an answer is a
   * good moment.
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertUsable();
    if (this.#reading) {
      throw new FewbitError("invalid_argument", "Cannot save session: it is reading");
    }
    const text = this.#generation?.state ?? this.#text;
    const saved = { past: this.#past, unread: this.#unread, ...text };
    return encodeSession(saved, await this.#model.instance.saveState(this.#slot));
  }

  /** Takes what {@linkcode save} gave; nothing changes where it is damaged. */
  restore(bytes: Uint8Array): void {
    this.#assertUsable();
    this.#assertIdle();
    const { saved: { past, unread, ...text }, state } = decodeSession(
      bytes,
      this.#model.vocabularySize,
    );
    this.#model.instance.restoreState(state, this.#slot);
    this.#load(past, unread, text);
  }

  /**
   * A conversation that goes on from here on its own.
   *
   * @throws {FewbitError} `limit_exceeded` where all sessions are in use.
   */
  async fork(): Promise<TextSession> {
    const saved = await this.save();
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

  #load(past: number, unread: readonly number[], text: GenerationState): void {
    this.#past = past;
    this.#unread = [...unread];
    this.#text = text;
  }

  /** `maxTokens`, fewer where the context has no room for them: all but the last are read. */
  #fitting(wanted: number | undefined, prompt: Int32Array): { readonly maxTokens?: number } {
    const after = this.#model.pastAfter(prompt, this.length);
    const room = Math.max(this.#model.context - after, 0) + 1;
    return room < (wanted ?? DEFAULT_MAX_TOKENS) ? { maxTokens: room } : {};
  }

  /** Special tokens, where a text begins with any, only at the beginning of the conversation. */
  #encode(prompt: string | ArrayLike<number>): Int32Array {
    const ids = typeof prompt === "string"
      ? requireTokenizer(this.#setup.tokenizer)
        .encode(prompt, { addSpecialTokens: this.length === 0 }).ids
      : readIds(prompt);
    this.#model.checkIds(ids);
    return ids;
  }

  /** Reads what is unread and then the ids. A chunk that an abort interrupts leaves nothing behind. */
  async #read(ids: Int32Array, signal: AbortSignal): Promise<Float32Array> {
    const { instance } = this.#model;
    const all = Int32Array.from([...this.#unread, ...ids]);
    const position = { slot: this.#slot, past: this.#past };
    let before: StateSnapshot | undefined;
    this.#reading = true;
    try {
      before = await instance.snapshot(this.#slot);
      const logits = await this.#model.read(all, position, signal);
      this.#assertUsable();
      this.#past = this.#model.pastAfter(all, this.#past);
      this.#unread = [];
      return logits;
    } catch (error) {
      // The slot may be another session's by now.
      this.#assertUsable();
      if (before !== undefined) instance.rollback(before);
      throw error;
    } finally {
      this.#reading = false;
    }
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
