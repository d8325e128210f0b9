/** A network that only remembers: its logits are a function of all ids that a session has had. */
import assert from "node:assert/strict";
import type { BatchModel, BatchPart } from "../../src/pipelines/text/batch_model.ts";
import { FewbitError } from "../../src/errors.ts";

/** How large it is, and what its runs take. */
export interface BatchModelOptions {
  readonly sessions?: number;
  readonly maxSequences?: number;
  readonly maxTokens?: number;
  readonly context?: number;
  readonly rewinds?: boolean;
  /** Ids that all texts begin with, read or not. */
  readonly prefix?: readonly number[];
  /** Called within each run; what it waits for, the run does. */
  readonly onRun?: (parts: readonly BatchPart[]) => void | Promise<void>;
}

/** Ids of the vocabulary. */
export const VOCABULARY = 64;

/** Runs are checked: sessions that exist, no two alike, within the limits, nothing skipped. */
export class RememberingModel implements BatchModel {
  readonly sessions: number;
  readonly maxSequences: number;
  readonly maxTokens: number;
  readonly context: number;
  readonly memory: BatchModel["memory"];
  runs = 0;
  readonly taken: boolean[];
  readonly #prefix: readonly number[];
  readonly #histories: number[][];
  readonly #onRun: (parts: readonly BatchPart[]) => void | Promise<void>;
  #isRunning = false;

  constructor(options: BatchModelOptions = {}) {
    this.sessions = options.sessions ?? 4;
    this.maxSequences = options.maxSequences ?? this.sessions;
    this.maxTokens = options.maxTokens ?? 64 + this.sessions;
    this.context = options.context ?? 256;
    this.memory = { kind: options.rewinds ?? true ? "rows" : "recurrent" };
    this.#prefix = options.prefix ?? [];
    this.#onRun = options.onRun ?? (() => {});
    this.taken = Array(this.sessions).fill(false);
    this.#histories = this.taken.map(() => []);
  }

  takeSlot(): number {
    const slot = this.taken.indexOf(false);
    if (slot < 0) throw new FewbitError("limit_exceeded", "all in use");
    this.taken[slot] = true;
    return slot;
  }

  freeSlot(slot: number): void {
    assert.ok(!this.#isRunning && this.taken[slot]);
    this.taken[slot] = false;
  }

  begin(ids: Int32Array): { past: number; ids: Int32Array } {
    const has = this.#prefix.every((id, i) => ids[i] === id);
    const rest = has ? ids.subarray(this.#prefix.length) : ids;
    if (this.#prefix.length + rest.length > this.context) {
      throw new FewbitError("limit_exceeded", "too long");
    }
    return { past: this.#prefix.length, ids: rest };
  }

  async readBatch(parts: readonly BatchPart[]): Promise<(Float32Array | undefined)[]> {
    assert.ok(!this.#isRunning, "two runs at once");
    assert.ok(parts.length > 0 && parts.length <= this.maxSequences);
    assert.equal(new Set(parts.map(({ slot }) => slot)).size, parts.length);
    assert.ok(parts.reduce((sum, { ids }) => sum + ids.length, 0) <= this.maxTokens);
    this.#isRunning = true;
    this.runs++;
    try {
      await this.#onRun(parts);
      return parts.map(({ slot, past, ids, wanted }) => {
        assert.ok(this.taken[slot]);
        const history = this.#histories[slot];
        if (past === this.#prefix.length) history.splice(0, history.length, ...this.#prefix);
        if (this.memory.kind === "rows") assert.ok(past <= history.length);
        else assert.equal(past, history.length);
        history.length = past;
        history.push(...ids);
        assert.ok(history.length <= this.context);
        return wanted ? logitsOf(history) : undefined;
      });
    } catch (error) {
      // What a session has then is anything.
      for (const { slot } of parts) this.#histories[slot].fill(VOCABULARY - 1);
      throw error;
    } finally {
      this.#isRunning = false;
    }
  }
}

/** Logits that depend on each id and its place (FNV-1a). */
function logitsOf(history: readonly number[]): Float32Array {
  let hash = 2166136261;
  for (const id of history) hash = Math.imul(hash ^ id, 16777619);
  return Float32Array.from({ length: VOCABULARY }, (_, id) => Math.sin(hash % 1000 + id * id) * 3);
}
