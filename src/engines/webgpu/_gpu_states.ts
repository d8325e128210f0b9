/** States on a GPU: what sessions do with them is done with copies that come and go. */
import { FewbitError } from "../../errors.ts";
import type { Index } from "../../program/program.ts";
import type { StateSnapshot } from "../engine.ts";
import { Sessions } from "../sessions.ts";
import type { BoundProgram } from "./_bound_program.ts";
import type { ByteRange } from "./_places.ts";
import { readBack, write } from "./_transfer.ts";

/** The states of an instance. */
export class GpuStates {
  readonly sessions: Sessions;
  readonly #bound: () => BoundProgram;
  /** States that are on their way, by their tensors: nothing of them is kept on the CPU. */
  readonly #mirror = new Map<Index, Uint8Array<ArrayBuffer>>();
  /** What was saved last: of all, then of sessions. */
  readonly #saved = new Map<number | undefined, Uint8Array>();

  /** @param bound What the instance stands on at present. */
  constructor(bound: () => BoundProgram) {
    this.#bound = bound;
    const { verified, head } = bound().shared.source;
    this.sessions = new Sessions(
      { ...verified, id: head.id },
      (tensor) => this.#mirrored(tensor),
      (tensor) => this.#initial(tensor),
      (tensor) => this.#bound().canonicalize(tensor, this.#mirrored(tensor)),
    );
  }

  reset(slot?: number): void {
    this.#change(slot, () => this.sessions.reset(slot));
  }

  async save(slot?: number): Promise<Uint8Array<ArrayBuffer>> {
    const saved = await this.#read(this.sessions.saving(slot), slot);
    if (slot === undefined) this.#saved.clear();
    this.#saved.set(slot, saved);
    return saved;
  }

  restore(saved: Uint8Array, slot?: number): void {
    this.#change(slot, () => this.sessions.restore(saved, slot));
  }

  /** Sessions as they were saved last, others as they begin. */
  restoreLast(): void {
    this.reset();
    for (const [slot, saved] of this.#saved) this.restore(saved, slot);
  }

  rewind(tokens: number, slot: number): void {
    this.#change(slot, () => this.sessions.rewind(tokens, slot), () => false);
  }

  async snapshot(slot?: number): Promise<StateSnapshot> {
    const take = this.sessions.snapshotting(slot);
    return await this.#read(take, slot, (tensor) => this.sessions.isCopied(tensor));
  }

  rollback(snapshot: StateSnapshot): void {
    this.#change(
      snapshot?.slot,
      () => this.sessions.rollback(snapshot),
      (tensor) => this.sessions.isCopied(tensor),
    );
  }

  #initial(tensor: Index): Uint8Array {
    const { verified, state } = this.#bound().shared.source;
    return new Uint8Array(state, verified.plan.offsets[tensor], verified.plan.bytes[tensor]);
  }

  #mirrored(tensor: Index): Uint8Array<ArrayBuffer> {
    let bytes = this.#mirror.get(tensor);
    if (bytes === undefined) {
      const size = this.#bound().shared.places.tensor(tensor).bytes;
      this.#mirror.set(tensor, bytes = new Uint8Array(size));
    }
    return bytes;
  }

  /** Does something with states, or one session's part of them, as they are at the moment of the call. */
  async #read<T>(
    use: () => T,
    slot: number | undefined,
    isUsed: (tensor: Index) => boolean = () => true,
  ): Promise<T> {
    const { shared, device, memory } = this.#bound();
    const states = shared.source.head.program.tensors.flatMap(({ region }, i) =>
      region === "state" && isUsed(i) ? [i] : []
    );
    const parts = states.map((i) => this.#part(i, slot));
    const bytes = await readBack(device, memory, parts.map(({ range }) => range));
    try {
      states.forEach((i, n) => this.#mirrored(i).set(bytes[n], parts[n].at));
      return use();
    } finally {
      this.#mirror.clear();
    }
  }

  /** Changes states, or one session's part of them, and writes those that were changed. */
  #change(
    slot: number | undefined,
    change: () => void,
    isChanged: (tensor: Index) => boolean = () => true,
  ): void {
    const { device, memory } = this.#bound();
    try {
      change();
      for (const [tensor, bytes] of this.#mirror) {
        if (!isChanged(tensor)) continue;
        const { at, range } = this.#part(tensor, slot);
        write(device, memory, range.offset, bytes.subarray(at, at + range.bytes));
      }
    } finally {
      this.#mirror.clear();
    }
  }

  /**
   * A state, or a session's part of it: where it begins in the state, and in memory.
   *
   * @throws {FewbitError} `unsupported` where that is no whole words, which is all that a GPU copies.
   */
  #part(
    tensor: Index,
    slot: number | undefined,
  ): { readonly at: number; readonly range: ByteRange } {
    const { places, source: { verified } } = this.#bound().shared;
    const { offset, bytes } = places.tensor(tensor);
    if (slot === undefined) return { at: 0, range: { offset, bytes } };
    const { extents, name } = verified.program.tensors[tensor];
    const size = bytes / verified.ranges[extents[0]].max;
    if (size % 4 !== 0) {
      throw new FewbitError(
        "unsupported",
        `Cannot use slot ${slot} of ${name} on a GPU: a session has ${size} bytes, no whole words`,
      );
    }
    return { at: slot * size, range: { offset: offset + slot * size, bytes: size } };
  }
}
