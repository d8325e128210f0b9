/** Text generation with a loaded language model. */
import type { Instance } from "../../engines/engine.ts";
import { FewbitError } from "../../errors.ts";
import type { Tensor } from "../../tensor.ts";
import type { ChatMessage, ChatOptions } from "../../text/chat_template.ts";
import type { GenerationSetup } from "../../text/generation.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { LanguageModel, readIds } from "./_language_model.ts";
import { requireTokenizer, textSetup } from "./_text_setup.ts";
import type { TextSetup } from "./_text_setup.ts";
import { perplexity } from "./perplexity.ts";
import type { Perplexity, PerplexityOptions } from "./perplexity.ts";
import type { TextPiece } from "./text_piece.ts";
import { TextSession } from "./text_session.ts";
import type { ChatAnswerOptions, GenerateOptions } from "./text_session.ts";

/** What a text begins with: a text, token ids, or messages for a model with a chat template. */
export type Prompt = string | ArrayLike<number> | readonly ChatMessage[];

/** Most logits in one tensor: 1 GiB. */
const MAX_LOGITS = 2 ** 28;

/**
 * Generates text with a loaded language model. The same seed writes the same text on every host.
 *
 * This is what needs neither files nor a compiler. Most users want `TextGenerator`, which loads the
 * model as well.
 */
export class GenerationModel implements Disposable {
  readonly #model: LanguageModel;
  readonly #setup: TextSetup;

  /**
   * Takes a loaded model.
   *
   * @param instance The model, which is disposed of with this object.
   * @throws {FewbitError} `unsupported` or `invalid_file` where the program is no language model; then
   * the instance is left to the caller.
   */
  constructor(instance: Instance) {
    this.#model = new LanguageModel(instance);
    this.#setup = textSetup(instance.program.metadata, this.#model.vocabularySize);
  }

  /**
   * Text to ids and back.
   *
   * @throws {FewbitError} `unsupported` where the model came without a tokenizer.
   */
  get tokenizer(): Tokenizer {
    return requireTokenizer(this.#setup.tokenizer);
  }

  /** The loaded model. */
  get instance(): Instance {
    return this.#model.instance;
  }

  /** What all answers have in common: the tokenizer, ids that end a text, defaults of options. */
  get setup(): GenerationSetup {
    return this.#setup;
  }

  /** Name of the engine that runs the model. */
  get engine(): string {
    return this.#model.instance.engine;
  }

  /** Bytes that the model occupies. */
  get memoryBytes(): number {
    return this.#model.instance.memoryBytes;
  }

  /** Most tokens of a conversation; 2^31 − 1 where it has no end. */
  get context(): number {
    return this.#model.context;
  }

  /** Words of the vocabulary. */
  get vocabularySize(): number {
    return this.#model.vocabularySize;
  }

  /**
   * Begins a conversation, empty or as {@linkcode TextSession.save} left it.
   *
   * @throws {FewbitError} `limit_exceeded` where all sessions are in use, `invalid_file` for bytes that
   * are damaged or another model's.
   */
  session(saved?: Uint8Array): TextSession {
    return new TextSession(this.#model, this.#setup, saved);
  }

  /**
   * A conversation as ids, by the model's chat template. What stands in messages is text, whatever it
   * spells: users cannot forge control tokens.
   *
   * @throws {FewbitError} `unsupported` without a tokenizer, `not_found` without a chat template,
   * `invalid_argument` where the template refuses the conversation.
   */
  async encodeChat(
    messages: readonly ChatMessage[],
    options: ChatOptions = {},
  ): Promise<Int32Array> {
    return await this.#setup.encodeChat(messages, options);
  }

  /** Writes on from a prompt, piece by piece; the last piece has the reason of the end and the usage. */
  async *generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<TextPiece, void, undefined> {
    const text = await this.#prompt(prompt);
    const session = this.session();
    // Not `using`: what that becomes for older hosts takes a kilobyte of the small entry.
    try {
      yield* session.generate(text, options);
    } finally {
      session[Symbol.dispose]();
    }
  }

  /**
   * Answers the last of some messages in a session of its own; see {@linkcode TextSession.chat}, which does
   * not read again what it has read.
   */
  async *chat(
    messages: readonly ChatMessage[],
    options: ChatAnswerOptions = {},
  ): AsyncGenerator<TextPiece, void, undefined> {
    const session = this.session();
    try {
      yield* session.chat(messages, options);
    } finally {
      session[Symbol.dispose]();
    }
  }

  /** The whole answer as one text. */
  async complete(prompt: Prompt, options: GenerateOptions = {}): Promise<string> {
    let text = "";
    for await (const piece of this.generate(prompt, options)) text += piece.text;
    return text;
  }

  /**
   * Logits after each id.
   *
   * @returns `[ids, vocabulary]`, the same bits on every engine.
   * @throws {FewbitError} `invalid_argument` for what is no id, `limit_exceeded` for more than 1 GiB.
   */
  async logits(
    ids: ArrayLike<number>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Tensor> {
    const { vocabularySize } = this;
    const given = readIds(ids);
    if (given.length * vocabularySize > MAX_LOGITS) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot compute logits of ${given.length} ids: at most ${MAX_LOGITS} numbers at once`,
      );
    }
    const all = new Float32Array(given.length * vocabularySize);
    const slot = this.#model.takeSlot();
    try {
      const position = { slot, past: 0 };
      for await (
        const { first, logits } of this.#model.readAll(
          given,
          position,
          options.signal,
        )
      ) all.set(logits, first * vocabularySize);
    } finally {
      this.#model.freeSlot(slot);
    }
    return { dtype: "f32", shape: [given.length, vocabularySize], data: all };
  }

  /** How well the model predicts a text; see {@linkcode PerplexityOptions}. */
  async perplexity(text: string, options: PerplexityOptions = {}): Promise<Perplexity> {
    const { ids } = this.tokenizer.encode(text, { addSpecialTokens: false });
    return await perplexity(this.#model, Int32Array.from(ids), {
      ...this.#setup.beginId !== undefined && { beginId: this.#setup.beginId },
      ...options,
    });
  }

  /** Frees the model's memory; its sessions end with it. */
  [Symbol.dispose](): void {
    this.#model[Symbol.dispose]();
  }

  async #prompt(prompt: Prompt): Promise<string | ArrayLike<number>> {
    return isChat(prompt) ? await this.encodeChat(prompt) : prompt;
  }
}

function isChat(prompt: Prompt): prompt is readonly ChatMessage[] {
  return Array.isArray(prompt) && typeof prompt[0] === "object";
}
