/**
 * The state of an instance and of its sessions. The first extent of every state counts sessions: session
 * `slot` has that index of each.
 */
import { FewbitError } from "../errors.ts";
import type { Index } from "../program/program.ts";
import { bytesOf } from "../tensor.ts";
import type { TensorData } from "../tensor.ts";
import { RowCaches } from "./_row_caches.ts";
import type { RowMark } from "./_row_caches.ts";
import { checkOwner, decodeState, encodeState, stateOf } from "./_saved_state.ts";
import type { StateSnapshot } from "./engine.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** What a snapshot holds: the bytes of states, and of caches how many rows were in use. */
interface Snapshot {
  readonly bytes: readonly Uint8Array[];
  readonly mark: RowMark | undefined;
}

/** States in memory that is at hand. */
export class Sessions {
  readonly #loaded: LoadedProgram;
  readonly #bytesOf: (tensor: Index) => Uint8Array;
  readonly #initialOf: (tensor: Index) => Uint8Array | undefined;
  readonly #canonicalize: (tensor: Index) => void;
  readonly #states: readonly Index[];
  /** Those of which only some rows are in use, where there are some. */
  readonly #caches: RowCaches | undefined;
  /** The bytes of snapshots, which nobody else can change or make. */
  readonly #snapshots: WeakMap<StateSnapshot, Snapshot> = new WeakMap();

  /**
   * @param bytesOf The memory of a state, at its largest extents.
   * @param initialOf Its initial bytes, if they are not zero.
   * @param canonicalize Makes its NaNs canonical.
   */
  constructor(
    loaded: LoadedProgram,
    bytesOf: (tensor: Index) => Uint8Array,
    initialOf: (tensor: Index) => Uint8Array | undefined,
    canonicalize: (tensor: Index) => void,
  ) {
    this.#loaded = loaded;
    this.#bytesOf = bytesOf;
    this.#initialOf = initialOf;
    this.#canonicalize = canonicalize;
    this.#states = loaded.program.tensors.flatMap(({ region }, i) => region === "state" ? [i] : []);
    this.#caches = RowCaches.of(loaded);
  }

  /** Notes what a run is about to append to its sessions. */
  append(inputs: ReadonlyMap<Index, TensorData>): void {
    this.#caches?.append(inputs);
  }

  /** Notes that a state was written from outside: all of it counts. */
  written(tensor: Index): void {
    if (!this.#caches?.states.has(tensor)) return;
    const rows = this.#rowsOf(tensor);
    this.#caches.set(this.#caches.lengths.map((length) => Math.max(length, rows)), undefined);
  }

  /** Takes the place of other sessions, whose memory was copied. */
  adopt(from: Sessions): void {
    if (from.#caches !== undefined) this.#caches?.set(from.#caches.lengths, undefined);
  }

  reset(slot?: number): void {
    // Before anything is written: all of a session is reset, or nothing.
    const targets = this.#parts(slot, "reset");
    this.#states.forEach((i, n) => {
      const initial = this.#initialOf(i);
      if (initial === undefined) targets[n].fill(0);
      else targets[n].set(slot === undefined ? initial : part(initial, slot, this.#slotsOf(i)));
    });
    this.#caches?.set(this.#lengths(slot).map(() => 0), slot);
  }

  save(slot?: number): Uint8Array<ArrayBuffer> {
    return this.saving(slot)();
  }

  /** `save` of this moment, once the bytes of this moment are at hand. */
  saving(slot?: number): () => Uint8Array<ArrayBuffer> {
    this.#check(slot, "save");
    const lengths = this.#lengths(slot);
    return () => {
      const parts = this.#parts(slot, "save");
      this.#states.forEach((i) => this.#canonicalize(i));
      return encodeState(this.#loaded.id, [bytesOf(lengths), ...this.#inUse(parts, lengths)]);
    };
  }

  restore(saved: Uint8Array, slot?: number): void {
    if (!(saved instanceof Uint8Array)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot restore state: expected bytes, got ${typeof saved}`,
      );
    }
    const parts = this.#parts(slot, "restore");
    checkOwner(this.#loaded.id, saved);
    const lengths = this.#lengths(slot);
    bytesOf(lengths).set(stateOf(saved).subarray(0, lengths.byteLength));
    decodeState(this.#loaded.id, saved, [bytesOf(lengths), ...this.#inUse(parts, lengths)]);
    this.#caches?.set(lengths, slot);
  }

  rewind(tokens: number, slot: number): void {
    this.#parts(slot, "rewind");
    const had = this.#caches?.lengths[slot];
    if (had === undefined) {
      throw new FewbitError("unsupported", "Cannot rewind: the program has no cache of rows");
    }
    if (!Number.isInteger(tokens) || tokens < 0 || tokens > had) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot rewind slot ${slot} to ${tokens} tokens: expected 0 to ${had}`,
      );
    }
    this.#caches!.rewind(tokens, slot);
  }

  snapshot(slot?: number): StateSnapshot {
    return this.snapshotting(slot)();
  }

  /** `snapshot` of this moment, once the bytes of this moment are at hand. */
  snapshotting(slot?: number): () => StateSnapshot {
    this.#check(slot, "save");
    const mark = this.#caches?.mark();
    return () => {
      const bytes = this.#copied(this.#parts(slot, "save")).map((state) => state.slice());
      const snapshot = Object.freeze({ slot });
      this.#snapshots.set(snapshot, { bytes, mark });
      return snapshot;
    };
  }

  rollback(snapshot: StateSnapshot): void {
    const held = this.#snapshots.get(snapshot);
    if (held === undefined) {
      throw new FewbitError(
        "invalid_argument",
        "Cannot roll back: expected a snapshot of this instance",
      );
    }
    const { bytes, mark } = held;
    const states = this.#copied(this.#parts(snapshot.slot, "restore"));
    if (mark !== undefined && this.#caches?.goBack(mark, snapshot.slot) === false) {
      throw new FewbitError(
        "invalid_argument",
        "Cannot roll back: rows of a cache that were in use then were written again since",
      );
    }
    states.forEach((state, i) => state.set(bytes[i]));
  }

  /** Whether snapshots copy a state: of a cache that is no ring they leave the rows where they are. */
  isCopied(tensor: Index): boolean {
    return this.#caches?.states.get(tensor)?.isRing ?? true;
  }

  /** Rows that each of some sessions has appended to its caches; nothing where there are none. */
  #lengths(slot: number | undefined): Int32Array {
    const lengths = this.#caches?.lengths ?? new Int32Array(0);
    return slot === undefined ? lengths.slice() : lengths.slice(slot, slot + 1);
  }

  /**
   * Of the memory of states, or of one session's part of it, what is in use: of caches rows in the order of
   * their tokens, so that they fit wherever there are enough.
   *
   * @throws {FewbitError} `invalid_file` for more rows than there are.
   */
  #inUse(parts: readonly Uint8Array[], lengths: Int32Array): Uint8Array[] {
    return this.#states.flatMap((tensor, n) => {
      const cache = this.#caches?.states.get(tensor);
      if (cache === undefined) return [parts[n]];
      const rows = this.#rowsOf(tensor);
      const tooMany = lengths.find((length) => length < 0 || length > rows && !cache.isRing);
      if (tooMany !== undefined) {
        throw new FewbitError(
          "invalid_file",
          `Cannot restore state: a session of ${tooMany} rows, there is memory for ${rows}`,
        );
      }
      return Array.from(lengths).flatMap((length, s) => {
        const session = part(parts[n], s, lengths.length);
        const row = session.length / rows;
        const count = cache.isRing ? Math.min(length, cache.window) : length;
        const first = (length - count) % rows;
        const last = Math.min(first + count, rows);
        return [
          session.subarray(first * row, last * row),
          session.subarray(0, (count - (last - first)) * row),
        ];
      });
    });
  }

  /** Of the memory of states, that of those which snapshots copy. */
  #copied(parts: readonly Uint8Array[]): Uint8Array[] {
    return parts.filter((_, n) => this.isCopied(this.#states[n]));
  }

  /** Memory of the state, or of one session's part of it. */
  #parts(slot: number | undefined, verb: string): Uint8Array[] {
    this.#check(slot, verb);
    if (slot === undefined) return this.#states.map((i) => this.#bytesOf(i));
    return this.#states.map((i) => part(this.#bytesOf(i), slot, this.#slotsOf(i)));
  }

  #check(slot: number | undefined, verb: string): void {
    if (slot === undefined) return;
    const slots = Math.min(...this.#states.map((i) => this.#slotsOf(i)));
    if (Number.isInteger(slot) && slot >= 0 && slot < slots) return;
    throw new FewbitError(
      "invalid_argument",
      `Cannot ${verb} slot ${slot}: expected 0 to ${slots - 1}`,
    );
  }

  /** Sessions that a state holds: its first extent. */
  #slotsOf(tensor: Index): number {
    return this.#extent(tensor, 0);
  }

  /** Rows that a cache has for a session. */
  #rowsOf(tensor: Index): number {
    return this.#extent(tensor, 1);
  }

  #extent(tensor: Index, axis: number): number {
    const { program, ranges } = this.#loaded;
    return ranges[program.tensors[tensor].extents[axis]].max;
  }
}

/** One of `count` equal parts. */
function part(bytes: Uint8Array, index: number, count: number): Uint8Array {
  const size = bytes.length / count;
  return bytes.subarray(index * size, (index + 1) * size);
}
