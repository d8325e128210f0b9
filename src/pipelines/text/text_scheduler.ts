/** Many answers at once from one language model: continuous batching. */
import { pauseIfDue, quietTurn } from "../../event_loop.ts";
import { FewbitError } from "../../errors.ts";
import { EMPTY_TEXT, Generation } from "../../text/generation.ts";
import type { GenerationSetup } from "../../text/generation.ts";
import { fittedOptions } from "./_fitted_options.ts";
import { LanguageModel, readIds } from "./_language_model.ts";
import { pickBatch } from "./_pick_batch.ts";
import { ScheduledText } from "./_scheduled_text.ts";
import type { Slot } from "./_scheduled_text.ts";
import type { BatchModel } from "./batch_model.ts";
import type { GenerationModel } from "./generation_model.ts";
import type { TextPiece } from "./text_piece.ts";
import type { GenerateOptions } from "./text_session.ts";

/** Limits of a {@linkcode TextScheduler}. */
export interface SchedulerOptions {
  /** Most requests that wait for a session. Default 64. */
  readonly maxQueue?: number;
  /** Most tokens of prompts in one run, which whoever is writing waits for. Default 64. */
  readonly promptTokens?: number;
}

/**
 * Answers many requests with one model. It owns the step: each run of the network has a token of every answer
 * that is being written, and up to 64 tokens of prompts. Whoever waits longest comes first, sequences take turns,
 * and an answer is the one that its request gets alone, to the bit.
 *
 * A prompt that begins as one before it is not read again that far, while a session still has that text
 * (of a model with a recurrence, only where the whole of it goes on).
 *
 * @example
 * ```ts
 * import { TextGenerator, TextScheduler } from "@fewbit/fewbit";
 *
 * using lm = await TextGenerator.fromPretrained(undefined, { sessions: 4, parallel: 4 });
 * using scheduler = TextScheduler.of(lm);
 * const ids = ["ROMEO:", "JULIET:"].map((name) => lm.tokenizer.encode(name).ids);
 * const answers = ids.map((prompt) => scheduler.generate(prompt, { seed: 1, maxTokens: 20 }));
 * for (const answer of answers) {
 *   for await (const { text } of answer) console.log(text);
 * }
 * ```
 */
export class TextScheduler implements Disposable {
  readonly #model: BatchModel;
  readonly #setup: GenerationSetup;
  readonly #maxQueue: number;
  readonly #promptTokens: number;
  /** Sessions without an answer, the one that was used longest ago first. */
  readonly #free: Slot[];
  readonly #slots: Slot[];
  #waiting: ScheduledText[] = [];
  /** Answers with a session, the one whose last turn was longest ago first. */
  #active: ScheduledText[] = [];
  #work: Promise<void> | undefined;
  #closed: FewbitError | undefined;

  /** Takes all sessions of a network that are free; most users want {@linkcode TextScheduler.of}. */
  constructor(model: BatchModel, setup: GenerationSetup, options: SchedulerOptions = {}) {
    this.#model = model;
    this.#setup = setup;
    this.#maxQueue = checkCount("maxQueue", options.maxQueue ?? 64, 0);
    this.#promptTokens = checkCount("promptTokens", options.promptTokens ?? 64, 1);
    this.#slots = [];
    try {
      while (this.#slots.length < model.sessions) {
        this.#slots.push({ index: model.takeSlot(), ids: [] });
      }
    } catch (error) {
      // A session is in use: the others are given back.
      for (const { index } of this.#slots) model.freeSlot(index);
      throw error;
    }
    this.#free = [...this.#slots];
  }

  /**
   * A scheduler of a loaded model, whose sessions it takes until it is disposed of. A run goes on with as many
   * answers as the model was loaded for (`parallel`).
   *
   * @throws {FewbitError} `limit_exceeded` where a session is in use.
   */
  static of(lm: GenerationModel, options: SchedulerOptions = {}): TextScheduler {
    return new TextScheduler(new LanguageModel(lm.instance), lm.setup, options);
  }

  /** Most tokens of a prompt and its answer. */
  get context(): number {
    return this.#model.context;
  }

  /** Answers that are in progress. */
  get active(): number {
    return this.#active.filter(({ isOver }) => !isOver).length;
  }

  /** Requests that wait for a session. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many requests there is room for, if there are no others. */
  get capacity(): number {
    return this.#slots.length + this.#maxQueue;
  }

  /** How many more requests there is room for at present. */
  get room(): number {
    if (this.#closed !== undefined) return 0;
    return Math.max(0, this.capacity - this.active - this.waiting);
  }

  /**
   * Asks for an answer, whose pieces come as a stream. To cancel it, or to abort the signal, gives the session
   * to the next request at once.
   *
   * @throws {FewbitError} `invalid_argument` for options out of range, ids that are none, or an empty prompt;
   * `limit_exceeded` for a prompt longer than the context, or a full queue; `disposed` after `close`.
   */
  generate(prompt: ArrayLike<number>, options: GenerateOptions = {}): ReadableStream<TextPiece> {
    if (this.#closed !== undefined) throw this.#closed;
    const { signal, constraint, ...rest } = options;
    const ids = readIds(prompt);
    if (ids.length === 0) {
      throw new FewbitError("invalid_argument", "Cannot generate text: the prompt has no tokens");
    }
    const start = this.#model.begin(ids);
    const answer = fittedOptions(rest, this.#setup, {
      before: 0,
      after: start.past + start.ids.length,
      context: this.#model.context,
    });
    const text = new ScheduledText({
      ...start,
      generation: new Generation(this.#setup, answer, EMPTY_TEXT, ids),
      constraint,
      sampler: this.#model.sampler,
      promptTokens: ids.length,
      isTextless: this.#setup.tokenizer === undefined,
    });
    if (this.room === 0) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot generate text: ${this.#waiting.length} requests wait already; ask again later`,
      );
    }
    if (signal !== undefined) this.#abortOn(signal, text);
    if (text.isOver) return text.pieces;
    text.onOver(() => this.#waiting = this.#waiting.filter((other) => other !== text));
    this.#waiting.push(text);
    this.#work ??= this.#run();
    return text.pieces;
  }

  /** Takes no further requests. Those that it has go on. */
  close(): void {
    this.#closed ??= new FewbitError("disposed", "Cannot generate text: the scheduler was closed");
  }

  /** Resolves when nothing is in progress and nothing waits. */
  async idle(): Promise<void> {
    await this.#work;
  }

  /** Ends all answers with the error `disposed`, and gives the sessions back to the model. */
  [Symbol.dispose](): void {
    this.close();
    for (const text of [...this.#active, ...this.#waiting]) text.fail(this.#closed);
    const free = (): void => {
      for (const { index } of this.#slots.splice(0)) this.#model.freeSlot(index);
    };
    // A run that is in progress writes to them.
    if (this.#work === undefined) free();
    else void this.#work.then(free);
  }

  #abortOn(signal: AbortSignal, text: ScheduledText): void {
    const abort = (): void => text.fail(signal.reason);
    signal.addEventListener("abort", abort);
    text.onOver(() => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  }

  /** Steps until there is nothing to do. */
  async #run(): Promise<void> {
    // Requests that come together begin together.
    await pauseIfDue();
    while (this.#admit()) {
      await this.#step();
      await quietTurn();
    }
    // At once with the last look at what waits: whoever comes later begins anew.
    this.#work = undefined;
  }

  /** Gives free sessions to those that wait, first come, first served. Whether there is anything to do. */
  #admit(): boolean {
    for (const { slot } of this.#active.filter(({ isOver }) => isOver)) this.#free.push(slot!);
    this.#active = this.#active.filter(({ isOver }) => !isOver);
    while (this.#free.length > 0 && this.#waiting.length > 0) {
      const text = this.#waiting.shift()!;
      const { slot, reused } = this.#bestSlot(text.ids);
      this.#free.splice(this.#free.indexOf(slot), 1);
      text.begin(slot, reused);
      this.#active.push(text);
    }
    return this.#active.length > 0;
  }

  /** The free session that has read most of the beginning of some ids, and how many. */
  #bestSlot(ids: Int32Array): { readonly slot: Slot; readonly reused: number } {
    let best = { slot: this.#free[0], reused: 0 };
    for (const slot of this.#free) {
      let reused = 0;
      // The last one is read again for its logits.
      while (reused < ids.length - 1 && ids[reused] === slot.ids[reused]) reused++;
      if (this.#model.memory.kind !== "rows" && reused < slot.ids.length) reused = 0;
      if (reused > best.reused) best = { slot, reused };
    }
    return best;
  }

  /** One run of the network. */
  async #step(): Promise<void> {
    const picked = pickBatch(this.#active, {
      sequences: this.#model.maxSequences,
      tokens: this.#model.maxTokens,
      promptTokens: this.#promptTokens,
    });
    const served = new Set(picked.map(({ sequence }) => sequence));
    this.#active = [...this.#active.filter((text) => !served.has(text)), ...served];
    try {
      const logits = await this.#model.readBatch(picked.map(({ sequence, count }) => ({
        slot: sequence.slot!.index,
        past: sequence.past,
        ids: sequence.pending.subarray(0, count),
        wanted: count === sequence.pending.length,
      })));
      for (const [i, { sequence, count }] of picked.entries()) {
        sequence.hasRead(count);
        await this.#choose(sequence, logits[i]);
        await pauseIfDue();
      }
    } catch (error) {
      // Of these sessions nothing is known any more.
      for (const { sequence } of picked) {
        sequence.slot!.ids = [];
        sequence.fail(error);
      }
    }
  }

  async #choose(text: ScheduledText, logits: Float32Array | undefined): Promise<void> {
    if (text.isOver || logits === undefined) return;
    try {
      await text.step(logits);
    } catch (error) {
      text.fail(error);
    }
  }
}

function checkCount(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new FewbitError(
    "invalid_argument",
    `Cannot schedule: ${name} is ${value}, expected an integer of at least ${least}`,
  );
}
