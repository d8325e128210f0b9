/** What a session has read: how many tokens, which, and how far it can go back in them. */
import { FewbitError } from "../../errors.ts";
import type { StateSnapshot } from "../../engines/engine.ts";
import type { LanguageModel } from "./_language_model.ts";
import type { SavedHistory } from "./_saved_session.ts";
import type { TokensAhead } from "./_tokens_ahead.ts";
import type { BatchSampler } from "./batch_model.ts";
import { MAX_IDS } from "./_saved_session.ts";

/** The past of a session. */
export class History {
  readonly #model: LanguageModel;
  readonly #slot: number;
  /** Tokens that the network has read. */
  #past = 0;
  /** Ids that belong to the text and were not read yet: at most the last one of an answer. */
  #unread: readonly number[] = [];
  /** Those that were read, as long as they are kept. */
  #ids: number[] | undefined = [];
  #keepsIds: boolean;
  readonly #ahead: TokensAhead | undefined;
  /** Of a ring, the first token whose row is there. */
  #oldest = 0;
  /** Where a network with a recurrence can go back to. */
  #mark: { readonly past: number; readonly snapshot: StateSnapshot } | undefined;

  constructor(model: LanguageModel, slot: number) {
    this.#model = model;
    this.#slot = slot;
    this.#keepsIds = this.#keepsAlways;
    this.#ahead = model.tokensAhead(slot);
  }

  /** Tokens so far, read or not. */
  get length(): number {
    return this.#past + this.#unread.length;
  }

  get past(): number {
    return this.#past;
  }

  get unread(): readonly number[] {
    return this.#unread;
  }

  /** Where the program draws ids itself. */
  get sampler(): BatchSampler | undefined {
    const { context, sampler } = this.#model;
    const ahead = this.#ahead;
    return ahead
      ? { draw: (...what) => ahead.draw([this.#past, context - this.#past], ...what) }
      : sampler;
  }

  /** What is saved of it. */
  get saved(): SavedHistory {
    const ids = this.#keepsIds && this.#ids;
    return { past: this.#past, unread: this.#unread, ...ids && { ids } };
  }

  /** The first ids, read or not; nothing where they are not kept. */
  first(count: number): readonly number[] | undefined {
    return this.#ids && [...this.#ids, ...this.#unread].slice(0, count);
  }

  /** Begins anew. */
  clear(keepsIds = this.#keepsAlways): void {
    this.restore({ past: 0, unread: [], ids: [] });
    this.#keepsIds = keepsIds;
  }

  /** Takes the place of another one, whose state the network has. */
  restore({ past, unread, ids }: SavedHistory): void {
    const { memory } = this.#model;
    this.#past = past;
    this.#unread = unread;
    this.#ids = ids && [...ids];
    this.#keepsIds = ids !== undefined;
    this.#oldest = memory.kind === "ring" ? Math.max(0, past - memory.window) : 0;
    this.#mark = undefined;
  }

  /**
   * Takes a saved one with its state; whether they belong together. Rows behind those of the state are what another
   * session left: nobody may claim to have read them.
   */
  load(saved: SavedHistory, state: Uint8Array): boolean {
    const { instance, memory } = this.#model;
    instance.restoreState(state, this.#slot);
    try {
      if (memory.kind !== "recurrent") instance.rewind(saved.past, this.#slot);
    } catch (error) {
      if (error instanceof FewbitError && error.code === "invalid_argument") return false;
      throw error;
    }
    this.restore(saved);
    return true;
  }

  /** An id was chosen; the network has not read it. */
  chose(id: number): void {
    this.#unread = [id];
  }

  /** The logits behind ids that are read next, where the network has read them before they were asked for. */
  known(ids: Int32Array): Float32Array | undefined {
    const logits = this.#ahead?.read();
    if (logits !== undefined) this.read(ids);
    return logits;
  }

  /** Leaves behind what the network has read and nobody has asked for. */
  settle(): void {
    this.#ahead?.settle(this.#past, this.#slot);
  }

  /** The network has read the unread ids and these. */
  read(ids: Int32Array): void {
    const past = this.#model.pastAfter(ids, this.#past);
    if (this.#ids !== undefined) {
      const more = this.#past === 0 ? this.#model.fromTheBeginning(ids) : ids;
      if (this.#keepsIds && past <= MAX_IDS) { for (const id of more) this.#ids.push(id); }
      else this.#ids = undefined;
    }
    this.#past = past;
    this.#unread = [];
    const { memory } = this.#model;
    if (memory.kind === "ring") this.#oldest = Math.max(this.#oldest, past - memory.rows);
  }

  /**
   * How many tokens at the beginning of a text need not be read again. The last one is, for its logits.
   *
   * @param text All of it, a prefix included.
   */
  reusable(text: Int32Array): number {
    const ids = this.#ids ?? [];
    const most = Math.min(ids.length, text.length - 1);
    let common = 0;
    while (common < most && ids[common] === text[common]) common++;
    const back = this.#model.backTo(common, this.#past, this.#oldest);
    return back === 0 && this.#mark !== undefined && this.#mark.past <= common
      ? this.#mark.past
      : back;
  }

  /** Goes back to as many tokens as {@linkcode reusable} said; what is unread is forgotten. */
  goBack(tokens: number): void {
    const { instance, memory } = this.#model;
    this.#unread = [];
    if (tokens === 0) {
      instance.reset(this.#slot);
      this.clear(true);
    } else if (tokens !== this.#past) {
      if (memory.kind === "recurrent") instance.rollback(this.#mark!.snapshot);
      else instance.rewind(tokens, this.#slot);
      this.#past = tokens;
      this.#ids!.length = tokens;
    }
  }

  /** Remembers this place, where a network with a recurrence can then go back to. */
  async mark(): Promise<void> {
    if (this.#model.memory.kind !== "recurrent" || this.#ids === undefined) return;
    const past = this.#past;
    this.#mark = { past, snapshot: await this.#model.instance.snapshot(this.#slot) };
  }

  /** The last token is to be read again; whether that is possible. */
  reread(tokens: number): boolean {
    const ids = this.first(tokens);
    if (ids === undefined) return false;
    const past = tokens - 1;
    if (past > 0 && this.#model.backTo(past, this.#past, this.#oldest) !== past) return false;
    this.goBack(past);
    this.#unread = [ids[past]];
    return true;
  }

  /** Where every token has a row, ids are small beside it; else only those who ask for it have them kept. */
  get #keepsAlways(): boolean {
    return this.#model.memory.kind !== "recurrent";
  }
}
