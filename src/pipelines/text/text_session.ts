/** A conversation with a language model: what it has read, and how the text goes on. */
import type { StateSnapshot } from "../../engines/engine.ts";
import { FewbitError } from "../../errors.ts";
import type { ChatMessage } from "../../text/chat_template.ts";
import { appendIds, EMPTY_TEXT, Generation, textOf } from "../../text/generation.ts";
import type { GenerationOptions, GenerationState } from "../../text/generation.ts";
import type { Answer } from "./_answer.ts";
import type { ChatAnswerOptions, GenerateOptions } from "./generate_options.ts";
import { fittedOptions } from "./_fitted_options.ts";
import { History } from "./_history.ts";
import { readIds } from "./_language_model.ts";
import type { LanguageModel } from "./_language_model.ts";
import { decodeSession, encodeSession } from "./_saved_session.ts";
import { requireTokenizer } from "./_text_setup.ts";
import type { TextSetup } from "./_text_setup.ts";
import type { TextPiece } from "./text_piece.ts";
import { writePieces } from "./_write_pieces.ts";

export type { ChatAnswerOptions, GenerateOptions };

const NO_IDS = new Int32Array(0);

/**
 * A conversation. What it remembers beside the network's state is the last 64 ids, where the random numbers
 * are, and text that is held back; of a network with attention all ids, too, so that it can go back. The state
 * of such a network is a row for each token in each layer, that of one with a recurrence does not grow.
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
  readonly #history: History;
  /** How the text goes on, unless an answer is in progress, which knows better. */
  #text = EMPTY_TEXT;
  #messages: readonly ChatMessage[] = [];
  #generation: Generation | undefined;
  /** Whether an answer has begun and not ended: nothing else may change the session. */
  #busy = false;
  /** Whether the network is at work: the state is not to be saved. */
  #reading = false;
  /** Aborted when the session is disposed: nothing of it may touch its slot from then on. */
  readonly #end = new AbortController();

  /** Begins a conversation, empty or a saved one; use `TextGenerator.session`. */
  constructor(model: LanguageModel, setup: TextSetup, saved?: Uint8Array) {
    this.#model = model;
    this.#setup = setup;
    this.#slot = model.takeSlot();
    this.#history = new History(model, this.#slot);
    try {
      model.instance.reset(this.#slot);
      if (saved !== undefined) this.restore(saved);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Tokens so far, prompts and answers; of a model with a prefix, those of it, too. */
  get length(): number {
    return this.#history.length;
  }

  /** What was said, where the conversation is one of messages: it is saved with the session. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
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
    if (ids.length + this.#history.unread.length === 0) {
      // The logits behind the last id were not kept.
      throw new FewbitError(
        "invalid_argument",
        "Cannot generate text: all of the conversation was read; give the end of the prompt here, " +
          "not to append",
      );
    }
    const begun = this.#begin(ids, this.#model.pastAfter(ids, this.length), this.#text, options);
    yield* this.#write({ ...begun, ids, usage: { promptTokens: ids.length } });
  }

  /**
   * Answers a text that is given from its beginning: what the session has read of it already is not read
   * again. It goes back to where the text differs from what it has read, a network with a recurrence to the
   * end of the last text that was answered, else it begins anew; what is written is the same.
   *
   * @param whole A text or ids, with all that came before.
   * @throws {FewbitError} What {@linkcode generate} throws; then the session is as it was.
   */
  async *answer(
    whole: string | ArrayLike<number>,
    options: GenerateOptions = {},
  ): AsyncGenerator<TextPiece, void, undefined> {
    const ids = this.#model.fromTheBeginning(this.#encode(whole, true));
    if (ids.length === 0) {
      throw new FewbitError("invalid_argument", "Cannot generate text: the prompt has no tokens");
    }
    this.#model.checkLength(ids, 0);
    const begun = this.#begin(ids, ids.length, textOf([], this.#text), options);
    const cachedTokens = this.#history.reusable(ids);
    this.#history.goBack(cachedTokens);
    this.#text = textOf(ids.subarray(0, cachedTokens), this.#text);
    const usage = { promptTokens: ids.length, cachedTokens };
    yield* this.#write({ ...begun, ids: ids.subarray(cachedTokens), usage });
  }

  /**
   * Answers the last of some messages, which are given from the first one on; see {@linkcode answer}. Then
   * {@linkcode messages} has them and the answer.
   *
   * @throws {FewbitError} What `GenerationModel.encodeChat` and {@linkcode answer} throw.
   */
  async *chat(
    messages: readonly ChatMessage[],
    options: ChatAnswerOptions = {},
  ): AsyncGenerator<TextPiece, void, undefined> {
    const ids = await this.#setup.encodeChat(messages, options);
    let content = "";
    for await (const piece of this.answer(ids, options)) {
      content += piece.text;
      this.#messages = [...messages, { role: "assistant", content }];
      yield piece;
    }
  }

  /**
   * Reads what every conversation that begins with these messages has in common, without an answer: what
   * comes before the text of the next message, by the chat template. What was read before is forgotten.
   *
   * @throws {FewbitError} What `GenerationModel.encodeChat` throws, and `limit_exceeded` for more than the context;
   * then the session is as it was.
   */
  async prefill(
    messages: readonly ChatMessage[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const [a, b] = await Promise.all(
      ["a", "0"].map((content) =>
        this.#setup.encodeChat([...messages, { role: "user", content }], {})
      ),
    );
    const common = a.findIndex((id, i) => id !== b[i]);
    const beginning = common < 0 ? a : a.subarray(0, common);
    options.signal?.throwIfAborted();
    this.#model.checkLength(beginning, 0);
    this.reset();
    this.#history.clear(true);
    await this.append(beginning, options);
    this.#messages = messages;
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
      this.#messages = [];
      await this.#read(ids, this.#signal(options.signal));
      this.#text = appendIds(this.#text, ids);
    } finally {
      this.#busy = false;
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.#assertIdle();
    this.#model.instance.reset(this.#slot);
    this.#history.clear();
    this.#text = EMPTY_TEXT;
    this.#messages = [];
  }

  /**
   * Goes back to the first tokens of the conversation, which then goes on from there.
   *
   * @param tokens How many of {@linkcode length}.
   * @throws {FewbitError} `unsupported` where the network has not kept what it needs: one with a recurrence
   * goes back to its beginning only, one with a window not beyond that.
   */
  rewind(tokens: number): void {
    this.#assertIdle();
    if (!Number.isInteger(tokens) || tokens < 0 || tokens > this.length) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot rewind to ${tokens} tokens: expected an integer from 0 to ${this.length}`,
      );
    }
    if (tokens === this.length) return;
    if (tokens <= this.#model.prefixLength) return this.reset();
    const ids = this.#history.first(tokens);
    if (ids === undefined || !this.#history.reread(tokens)) {
      throw new FewbitError(
        "unsupported",
        `Cannot rewind to ${tokens} of ${this.length} tokens: the network has not kept what came ` +
          "before them; save the session there to come back",
      );
    }
    this.#text = textOf(ids, this.#text);
    this.#messages = [];
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
    this.#history.settle();
    const text = this.#generation?.state ?? this.#text;
    const messages = this.#messages;
    const saved = { ...this.#history.saved, ...messages.length > 0 && { messages }, ...text };
    return encodeSession(saved, await this.#model.instance.saveState(this.#slot));
  }

  /**
   * Takes what {@linkcode save} gave; nothing changes where it is damaged. Where its parts are whole, and not of one
   * session, this one is empty then.
   *
   * @throws {FewbitError} `invalid_file` for anything else, or another model's.
   */
  restore(bytes: Uint8Array): void {
    this.#assertIdle();
    const { saved, state } = decodeSession(bytes, this.#model.vocabularySize);
    const { past, unread, ids, messages = [], ...text } = saved;
    if (!this.#history.load({ past, unread, ...ids && { ids } }, state)) {
      this.reset();
      throw new FewbitError(
        "invalid_file",
        `Cannot restore session: its state is not one of ${past} tokens`,
      );
    }
    this.#text = text;
    this.#messages = messages;
  }

  /**
   * A conversation that goes on from here on its own.
   *
   * @throws {FewbitError} `limit_exceeded` where all sessions are in use.
   */
  async fork(): Promise<TextSession> {
    return new TextSession(this.#model, this.#setup, await this.save());
  }

  /** Gives the session back to its generator. */
  [Symbol.dispose](): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort(disposedError());
    this.#model.freeSlot(this.#slot);
  }

  /** An answer to ids: nothing else may change the session from now on. */
  #begin(
    ids: Int32Array,
    after: number,
    text: GenerationState,
    { signal: given, constraint, ...rest }: GenerateOptions,
  ): Omit<Answer, "ids" | "usage"> {
    const generation = new Generation(this.#setup, this.#fitted(rest, after), text, ids);
    const signal = this.#signal(given);
    signal.throwIfAborted();
    this.#enter();
    this.#messages = [];
    return { generation, constraint, signal };
  }

  /** Reads what an answer begins with, and writes on. */
  async *#write(
    { generation, ids, constraint, signal, usage }: Answer,
  ): AsyncGenerator<TextPiece, void, undefined> {
    try {
      const { seed, draws } = generation.state;
      this.#text = { ...this.#text, seed, draws };
      const start = performance.now();
      const logits = await this.#read(ids, signal);
      this.#generation = generation;
      if (usage.cachedTokens !== undefined) await this.#history.mark();
      yield* writePieces(generation, logits, {
        hasText: this.#setup.tokenizer !== undefined,
        usage: { ...usage, promptMs: performance.now() - start },
        chose: (id) => this.#history.chose(id),
        sampler: this.#history.sampler,
        constraint,
        read: () => {
          signal.throwIfAborted();
          return this.#read(NO_IDS, signal);
        },
      });
    } finally {
      this.#text = this.#generation?.state ?? this.#text;
      this.#generation = undefined;
      this.#busy = false;
      if (!this.#end.signal.aborted) this.#history.settle();
      constraint?.end?.();
    }
  }

  #fitted(options: GenerationOptions, after: number): GenerationOptions {
    const { context } = this.#model;
    return fittedOptions(options, this.#setup, { before: this.length, after, context });
  }

  /** Special tokens, where a text begins with any, only at the beginning of the conversation. */
  #encode(prompt: string | ArrayLike<number>, isBeginning = this.length === 0): Int32Array {
    const ids = typeof prompt === "string"
      ? requireTokenizer(this.#setup.tokenizer)
        .encode(prompt, { addSpecialTokens: isBeginning }).ids
      : readIds(prompt);
    this.#model.checkIds(ids);
    return ids;
  }

  /** Reads what is unread and then the ids. A chunk that an abort interrupts leaves nothing behind. */
  async #read(ids: Int32Array, signal: AbortSignal): Promise<Float32Array> {
    const { instance } = this.#model;
    const history = this.#history;
    const all = Int32Array.from([...history.unread, ...ids]);
    const position = { slot: this.#slot, past: history.past };
    const known = history.known(all);
    if (known !== undefined) return known;
    let before: StateSnapshot | undefined;
    this.#reading = true;
    try {
      before = await instance.snapshot(this.#slot);
      const logits = await this.#model.read(all, position, signal);
      this.#assertUsable();
      history.read(all);
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
    this.#assertIdle();
    this.#busy = true;
  }

  #assertUsable(): void {
    if (this.#end.signal.aborted) throw disposedError();
  }

  #assertIdle(): void {
    this.#assertUsable();
    if (this.#busy) {
      throw new FewbitError("invalid_argument", "Cannot use session: it is generating");
    }
  }
}

function disposedError(): FewbitError {
  return new FewbitError("disposed", "Cannot use session: it was disposed");
}
