/** An answer that a scheduler works at: what of it is unread, where it is, who listens. */
import { host } from "../../event_loop.ts";
import type { Generation, GenerationStep } from "../../text/generation.ts";
import { nextStep } from "./_next_step.ts";
import type { Choosers } from "./_next_step.ts";
import type { Pickable } from "./_pick_batch.ts";
import { textPiece } from "./text_piece.ts";
import type { TextPiece } from "./text_piece.ts";

/** A session of the network, and what is in it. */
export interface Slot {
  readonly index: number;
  /** Ids that it has read since the beginning, or a prefix; empty where that is not known. */
  ids: number[];
}

/** What a scheduled answer begins with. */
export interface ScheduledStart extends Choosers {
  readonly generation: Generation;
  /** Tokens of the prompt, as the caller counts them. */
  readonly promptTokens: number;
  /** Ids to read, and how much a session has before them. */
  readonly ids: Int32Array;
  readonly past: number;
  /** Whether ids have no text, so that each is a piece of its own. */
  readonly isTextless: boolean;
}

/** One answer. Its pieces wait until they are taken, so that a slow reader keeps no session. */
export class ScheduledText implements Pickable {
  /** The session, from the first run on. */
  slot: Slot | undefined;
  /** Ids of the prompt that the session had read before. */
  cachedTokens = 0;
  past: number;
  pending: Int32Array;
  readsPrompt = true;
  /** Whether nobody waits for more. */
  isOver = false;
  readonly pieces: ReadableStream<TextPiece>;
  readonly #start: ScheduledStart;
  readonly #onOver: (() => void)[] = [];
  #controller!: ReadableStreamDefaultController<TextPiece>;
  #steps: GenerationStep[] = [];
  #count = 0;
  readonly #began: number = host.now();
  #promptMs = 0;

  constructor(start: ScheduledStart) {
    this.#start = start;
    const { constraint } = start;
    if (constraint?.end !== undefined) this.onOver(() => constraint.end?.());
    this.past = start.past;
    this.pending = start.ids;
    this.pieces = new ReadableStream<TextPiece>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.#end(),
    });
  }

  /** Ids to read from the beginning. */
  get ids(): Int32Array {
    return this.#start.ids;
  }

  /** Calls when the answer has ended, for whatever reason. */
  onOver(call: () => void): void {
    this.#onOver.push(call);
  }

  /** Begins in a session that has read the first so many ids. */
  begin(slot: Slot, cachedTokens: number): void {
    this.slot = slot;
    slot.ids.length = cachedTokens;
    this.cachedTokens = cachedTokens;
    this.past += cachedTokens;
    this.pending = this.pending.subarray(cachedTokens);
  }

  /** Notes that the network has read the first of the pending ids. */
  hasRead(count: number): void {
    this.past += count;
    this.slot?.ids.push(...this.pending.subarray(0, count));
    this.pending = this.pending.subarray(count);
  }

  /** Chooses the next token, and hands out what of the text is certain. */
  async step(logits: Float32Array): Promise<void> {
    if (this.readsPrompt) this.#promptMs = host.now() - this.#began;
    this.readsPrompt = false;
    const step = await nextStep(this.#start.generation, logits, this.#start);
    if (this.isOver) return;
    this.#count++;
    this.#steps.push(step);
    this.pending = Int32Array.of(step.id);
    if (step.finishReason !== undefined) {
      this.#controller.enqueue(textPiece(this.#steps, {
        promptTokens: this.#start.promptTokens,
        cachedTokens: this.cachedTokens,
        completionTokens: this.#count,
        promptMs: this.#promptMs,
        completionMs: host.now() - this.#began - this.#promptMs,
      }));
      this.#controller.close();
      this.#end();
    } else if (step.text !== "" || this.#start.isTextless) {
      this.#controller.enqueue(textPiece(this.#steps));
      this.#steps = [];
    }
  }

  /** Ends without an answer. */
  fail(reason: unknown): void {
    if (this.isOver) return;
    this.#controller.error(reason);
    this.#end();
  }

  #end(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const call of this.#onOver) call();
  }
}
