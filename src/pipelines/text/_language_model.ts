/**
 * A loaded language model as a function of token ids. Its program has one entry, with the inputs
 * `ids [T]`, `offsets [B+1]`, `slot [B]`, `past [B]`, `rows [R]` and the output `logits [R, V]`.
 */
import type { Inputs, Instance } from "../../engines/engine.ts";
import { expectTensor } from "../../engines/expect_tensor.ts";
import { FewbitError } from "../../errors.ts";
import { expectInstance } from "../expect_instance.ts";
import { programKind } from "../program_kind.ts";
import { MAX_PAST } from "./_saved_session.ts";

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
export class LanguageModel implements Disposable {
  readonly vocabularySize: number;
  /** Sessions that there is memory for. */
  readonly sessions: number;
  /** Most tokens of a session. */
  readonly context: number;
  readonly #chunk: number;
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
    if (!isWhole || logits?.dtype !== "f32") {
      throw new FewbitError(
        "unsupported",
        `Cannot generate text: the program is not a language model; ${
          programKind(instance.program.metadata)
        }`,
      );
    }
    this.vocabularySize = expressions[logits.extents[1]].constant;
    this.#chunk = symbols.max_tokens;
    this.#maxRows = symbols.max_rows;
    this.sessions = symbols.sessions;
    // A network with a recurrence has no longest text.
    this.context = symbols.context ?? MAX_PAST;
    this.#taken = TAKEN.get(instance) ?? Array(this.sessions).fill(false);
    TAKEN.set(instance, this.#taken);
  }

  /** Takes a session. */
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

  /** Gives a session back. */
  freeSlot(slot: number): void {
    this.#taken[slot] = false;
  }

  /** Reads ids and returns the logits after the last one. */
  async read(ids: Int32Array, position: Position, signal?: AbortSignal): Promise<Float32Array> {
    this.checkIds(ids);
    this.#checkLength(position.past, ids.length);
    let { past } = position;
    let logits: Float32Array = new Float32Array(0);
    for (let at = 0; at < ids.length; at += this.#chunk) {
      const chunk = ids.subarray(at, at + this.#chunk);
      const inputs = this.#inputs(chunk, { ...position, past }, chunk.length - 1, 1);
      const outputs = await this.instance.run(inputs, signal === undefined ? {} : { signal });
      logits = expectTensor(outputs, "logits", "f32").data;
      past += chunk.length;
    }
    return logits;
  }

  /** Reads ids; gives the logits after each of them, some rows at a time. */
  async *readAll(
    ids: Int32Array,
    position: Position,
    signal?: AbortSignal,
  ): AsyncGenerator<{ readonly first: number; readonly logits: Float32Array }> {
    this.checkIds(ids);
    this.#checkLength(position.past, ids.length);
    const step = Math.min(this.#chunk, this.#maxRows);
    for (let at = 0; at < ids.length; at += step) {
      const chunk = ids.subarray(at, at + step);
      const inputs = this.#inputs(
        chunk,
        { ...position, past: position.past + at },
        0,
        chunk.length,
      );
      const outputs = await this.instance.run(inputs, signal === undefined ? {} : { signal });
      yield { first: at, logits: expectTensor(outputs, "logits", "f32").data };
    }
  }

  #checkLength(past: number, more: number): void {
    if (past + more <= this.context) return;
    throw new FewbitError(
      "limit_exceeded",
      `Cannot read ${more} ids: the conversation has ${past} tokens, and at most ${this.context} in ` +
        `all; what has a "context" may be loaded with a larger one, up to the model's`,
    );
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

  #inputs(ids: Int32Array, { slot, past }: Position, firstRow: number, rows: number): Inputs {
    return {
      ids,
      offsets: Int32Array.of(0, ids.length),
      slot: Int32Array.of(slot),
      past: Int32Array.of(past),
      rows: Int32Array.from({ length: rows }, (_, i) => firstRow + i),
    };
  }
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
