/**
 * A loaded language model as a function of token ids. Its program has one entry, with the inputs
 * `ids [T]`, `offsets [B+1]`, `slot [B]`, `past [B]`, `rows [R]` and the output `logits [R, V]`: float32, or
 * i32 with 12 fractional bits. A program may have a prefix, tokens before all texts whose rows are constants:
 * they count as read, and the entry `prefix` has the logits behind them.
 */
import type { Inputs, Instance } from "../../engines/engine.ts";
import type { GpuInstance } from "../../engines/webgpu/gpu_instance.ts";
import { FewbitError } from "../../errors.ts";
import { expectInstance } from "../expect_instance.ts";
import type { Metadata } from "../../program/program.ts";
import { programKind } from "../program_kind.ts";
import { floatLogits } from "./_float_logits.ts";
import { IntegerSampler } from "./_integer_sampler.ts";
import { memoryOf } from "./_memory.ts";
import type { Memory } from "./_memory.ts";
import { MAX_PAST } from "./_saved_session.ts";
import { TokensAhead } from "./_tokens_ahead.ts";
import type { BatchModel, BatchPart } from "./batch_model.ts";

/** Inputs that every language model has, and the symbols that size them. */
const INPUTS = ["ids", "offsets", "slot", "past", "rows"] as const;
const SYMBOLS = ["max_tokens", "max_rows", "sessions"] as const;

/** Which sessions of an instance are in use, by whatever pipeline. */
const TAKEN: WeakMap<Instance, boolean[]> = new WeakMap();

/** Where ids go: a session and how many it has had. */
export interface Position {
  readonly slot: number;
  readonly past: number;
}

/** Runs the ids of sessions through a program, chunk by chunk. */
export class LanguageModel implements BatchModel, Disposable {
  readonly vocabularySize: number;
  readonly sessions: number;
  readonly context: number;
  readonly maxTokens: number;
  readonly maxSequences: number;
  readonly sampler: IntegerSampler | undefined;
  /** What it keeps of a text. */
  readonly memory: Memory;
  /** Ids that every text begins with, read or not. */
  readonly #prefix: readonly number[];
  readonly #maxRows: number;
  readonly #taken: boolean[];

  /**
   * @throws {FewbitError} `unsupported` where the program is not a language model.
   */
  constructor(readonly instance: Instance) {
    expectInstance(instance, "Cannot generate text");
    const { program: { tensors, expressions }, symbols } = instance;
    const has = (name: string, region: string): boolean =>
      tensors.some((tensor) => tensor.name === name && tensor.region === region);
    const logits = tensors.find(({ name, region }) => name === "logits" && region === "output");
    const isWhole = INPUTS.every((name) => has(name, "input")) &&
      SYMBOLS.every((name) => symbols[name] > 0);
    if (!isWhole || logits === undefined || !["f32", "i32"].includes(logits.dtype)) {
      throw new FewbitError(
        "unsupported",
        `Cannot generate text: the program is not a language model; ${
          programKind(instance.program.metadata)
        }`,
      );
    }
    this.vocabularySize = expressions[logits.extents[1]].constant;
    this.#prefix = prefixOf(instance.program.metadata, this.vocabularySize);
    this.maxTokens = symbols.max_tokens;
    this.#maxRows = symbols.max_rows;
    this.sessions = symbols.sessions;
    this.maxSequences = Math.min(symbols.max_sequences ?? 1, this.#maxRows, this.sessions);
    // A network with a recurrence has no longest text.
    this.context = symbols.context ?? MAX_PAST;
    this.memory = memoryOf(instance);
    this.sampler = IntegerSampler.of(instance, this.vocabularySize);
    this.#taken = TAKEN.get(instance) ?? Array(this.sessions).fill(false);
    TAKEN.set(instance, this.#taken);
  }

  takeSlot(): number {
    const slot = this.#taken.indexOf(false);
    if (slot < 0) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot begin session: all ${this.sessions} are in use; dispose one, or load with more`,
      );
    }
    this.#taken[slot] = true;
    return slot;
  }

  /** What comes next in a session, where an instance draws and reads several tokens at once. */
  tokensAhead(slot: number): TokensAhead | undefined {
    const { instance, sampler, memory } = this;
    if (!sampler || memory.kind !== "rows" || !("runChain" in instance)) return undefined;
    const place = (past: number): Inputs => placeOf([0, 1], [{ slot, past }], [0]);
    return new TokensAhead(instance as GpuInstance, sampler, place);
  }

  freeSlot(slot: number): void {
    this.#taken[slot] = false;
  }

  /** Ids that every text begins with, read or not. */
  get prefixLength(): number {
    return this.#prefix.length;
  }

  /** Tokens that a session of `past` has had when it has read some more, a prefix included. */
  pastAfter(ids: ArrayLike<number>, past: number): number {
    if (past > 0) return past + ids.length;
    return ids.length + (this.#beginsWithPrefix(ids) ? 0 : this.#prefix.length);
  }

  /** The ids of a text that begins with these, a prefix included: as many as `pastAfter` says. */
  fromTheBeginning(ids: Int32Array): Int32Array {
    return this.#beginsWithPrefix(ids) ? ids : Int32Array.from([...this.#prefix, ...ids]);
  }

  /**
   * Tokens that a session of `past` has when it goes back to `wanted` or, where it cannot, further.
   *
   * @param oldest The first token whose row is there, beside those of the prefix.
   */
  backTo(wanted: number, past: number, oldest: number): number {
    const { memory } = this;
    if (wanted === past) return past;
    if (wanted < this.#prefix.length) return 0;
    if (memory.kind !== "ring") return memory.kind === "rows" ? wanted : 0;
    const first = Math.max(this.#prefix.length, wanted - memory.window + 1);
    return first >= oldest ? wanted : 0;
  }

  /** Reads ids and returns the logits after the last one. */
  async read(all: Int32Array, position: Position, signal?: AbortSignal): Promise<Float32Array> {
    this.checkIds(all);
    let past = this.checkLength(all, position.past);
    const ids = this.#unread(all, position.past);
    let logits: Float32Array = ids.length === 0 ? await this.#behindPrefix() : new Float32Array(0);
    for (let at = 0; at < ids.length; at += this.maxTokens) {
      const chunk = ids.subarray(at, at + this.maxTokens);
      const place = placeOf([0, chunk.length], [{ ...position, past }], [chunk.length - 1]);
      logits = await this.#run(chunk, place, signal);
      past += chunk.length;
    }
    return logits;
  }

  /** Reads ids; gives the logits after each of them, some rows at a time. */
  async *readAll(
    all: Int32Array,
    position: Position,
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly first: number; readonly logits: Float32Array }> {
    this.checkIds(all);
    const past = this.checkLength(all, position.past);
    const ids = this.#unread(all, position.past);
    const skipped = all.length - ids.length;
    if (skipped > 0) {
      // What is behind the tokens of a prefix but for the last was never kept.
      const rows = new Float32Array(skipped * this.vocabularySize).fill(NaN);
      rows.set(await this.#behindPrefix(), (skipped - 1) * this.vocabularySize);
      yield { first: 0, logits: rows };
    }
    const step = Math.min(this.maxTokens, this.#maxRows);
    for (let at = 0; at < ids.length; at += step) {
      const chunk = ids.subarray(at, at + step);
      const place = placeOf([0, chunk.length], [{ ...position, past: past + at }], chunk.keys());
      yield { first: skipped + at, logits: await this.#run(chunk, place, signal) };
    }
  }

  begin(ids: Int32Array): { readonly past: number; readonly ids: Int32Array } {
    this.checkIds(ids);
    return { past: this.checkLength(ids, 0), ids: this.#unread(ids, 0) };
  }

  async readBatch(parts: readonly BatchPart[]): Promise<(Float32Array | undefined)[]> {
    const read = parts.filter(({ ids }) => ids.length > 0);
    const [offsets, rows] = [[0], [] as number[]];
    for (const { ids, wanted } of read) {
      const end = offsets[offsets.length - 1] + ids.length;
      offsets.push(end);
      if (wanted) rows.push(end - 1);
    }
    const ids = new Int32Array(offsets[read.length]);
    read.forEach((part, i) => ids.set(part.ids, offsets[i]));
    let logits: Float32Array = new Float32Array(0);
    if (read.length > 0) {
      // A program computes one row at least.
      logits = await this.#run(ids, placeOf(offsets, read, rows.length > 0 ? rows : [0]));
    }
    const behindPrefix = read.length < parts.length ? await this.#behindPrefix() : logits;
    let row = 0;
    return parts.map(({ ids, wanted }) => {
      if (!wanted) return undefined;
      if (ids.length === 0) return behindPrefix;
      return logits.subarray(row * this.vocabularySize, ++row * this.vocabularySize);
    });
  }

  /**
   * Where reading begins.
   *
   * @throws {FewbitError} `limit_exceeded` where the ids do not fit behind the `past` ones.
   */
  checkLength(ids: Int32Array, past: number): number {
    if (this.pastAfter(ids, past) <= this.context) return past > 0 ? past : this.#prefix.length;
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read ${ids.length} ids: the conversation has ${past} tokens, and at most ${this.context} in ` +
        `all; what has a "context" may be loaded with a larger one, up to the model's`,
    );
  }

  /** Ids without those of the prefix, which a text may begin with. */
  #unread(ids: Int32Array, past: number): Int32Array {
    return past === 0 && this.#beginsWithPrefix(ids) ? ids.subarray(this.#prefix.length) : ids;
  }

  #beginsWithPrefix(ids: ArrayLike<number>): boolean {
    return this.#prefix.every((id, i) => ids[i] === id);
  }

  async #behindPrefix(): Promise<Float32Array> {
    if (this.#prefix.length === 0) return new Float32Array(0);
    const outputs = await this.instance.run({}, { entry: "prefix" });
    return floatLogits(outputs["prefix.logits"]);
  }

  /** Throws `invalid_argument` for what is no id of the vocabulary. */
  checkIds(ids: Int32Array): void {
    const bad = ids.findIndex((id) => id < 0 || id >= this.vocabularySize);
    if (bad >= 0) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot read ids: ids[${bad}] is ${ids[bad]}, expected 0 to ${this.vocabularySize - 1}`,
      );
    }
  }

  /** Frees the model's memory. */
  [Symbol.dispose](): void {
    this.instance[Symbol.dispose]();
  }

  async #run(ids: Int32Array, place: Inputs, signal?: AbortSignal): Promise<Float32Array> {
    return floatLogits((await this.instance.run({ ids, ...place }, signal && { signal })).logits);
  }
}

/** Inputs beside the ids: where those of each session begin, where they are read, which rows have logits. */
function placeOf(
  offsets: readonly number[],
  sessions: readonly Position[],
  rows: Iterable<number>,
): Inputs {
  return {
    offsets: Int32Array.from(offsets),
    slot: Int32Array.from(sessions, ({ slot }) => slot),
    past: Int32Array.from(sessions, ({ past }) => past),
    rows: Int32Array.from(rows),
  };
}

/** The ids of a program's prefix, which may be hostile. */
function prefixOf({ prefix = [] }: Metadata, vocabularySize: number): readonly number[] {
  const isId = (id: unknown): boolean =>
    Number.isInteger(id) && Number(id) >= 0 && Number(id) < vocabularySize;
  if (Array.isArray(prefix) && prefix.every(isId)) return prefix;
  throw new FewbitError(
    "invalid_file",
    "Cannot generate text: the model's prefix is no list of ids",
  );
}

/** Most ids of one call; what is longer is read in parts. */
const MAX_IDS = 2 ** 28;

/**
 * Ids as the network takes them.
 *
 * @throws {FewbitError} `invalid_argument` where one is no integer of 32 bits, `limit_exceeded` for too many.
 */
export function readIds(ids: ArrayLike<number>): Int32Array {
  const length: unknown = (ids as ArrayLike<number> | null | undefined)?.length;
  if (!Number.isInteger(length) || Number(length) < 0) {
    throw new FewbitError("invalid_argument", "Cannot read ids: expected an array of token ids");
  }
  if (Number(length) > MAX_IDS) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read ${length} ids: at most ${MAX_IDS} at once`,
    );
  }
  const all = Int32Array.from(ids);
  const bad = all.findIndex((id, i) => id !== ids[i]);
  if (bad < 0) return all;
  throw new FewbitError("invalid_argument", `Cannot read ids: ids[${bad}] is ${String(ids[bad])}`);
}
