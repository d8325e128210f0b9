/**
 * The state of an instance and of its sessions. The first extent of every state counts sessions: session
 * `slot` has that index of each.
 */
import { FewbitError } from "../errors.ts";
import type { Index } from "../program/program.ts";
import { decodeState, encodeState } from "./_saved_state.ts";
import type { StateSnapshot } from "./engine.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** States in memory that is at hand. */
export class Sessions {
  readonly #loaded: LoadedProgram;
  readonly #bytesOf: (tensor: Index) => Uint8Array;
  readonly #initialOf: (tensor: Index) => Uint8Array | undefined;
  readonly #canonicalize: (tensor: Index) => void;
  readonly #states: readonly Index[];
  /** The bytes of snapshots, which nobody else can change or make. */
  readonly #snapshots: WeakMap<StateSnapshot, readonly Uint8Array[]> = new WeakMap();

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
  }

  reset(slot?: number): void {
    // Before anything is written: all of a session is reset, or nothing.
    const targets = this.#parts(slot, "reset");
    this.#states.forEach((i, n) => {
      const initial = this.#initialOf(i);
      if (initial === undefined) targets[n].fill(0);
      else targets[n].set(slot === undefined ? initial : part(initial, slot, this.#slotsOf(i)));
    });
  }

  save(slot?: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#parts(slot, "save");
    this.#states.forEach((i) => this.#canonicalize(i));
    return encodeState(this.#loaded.id, bytes);
  }

  restore(saved: Uint8Array, slot?: number): void {
    if (!(saved instanceof Uint8Array)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot restore state: expected bytes, got ${typeof saved}`,
      );
    }
    decodeState(this.#loaded.id, saved, this.#parts(slot, "restore"));
  }

  snapshot(slot?: number): StateSnapshot {
    const bytes = this.#parts(slot, "save").map((state) => state.slice());
    const snapshot = Object.freeze({ slot });
    this.#snapshots.set(snapshot, bytes);
    return snapshot;
  }

  rollback(snapshot: StateSnapshot): void {
    const bytes = this.#snapshots.get(snapshot);
    if (bytes === undefined) {
      throw new FewbitError(
        "invalid_argument",
        "Cannot roll back: expected a snapshot of this instance",
      );
    }
    this.#parts(snapshot.slot, "restore").forEach((state, i) => state.set(bytes[i]));
  }

  /** Memory of the state, or of one session's part of it. */
  #parts(slot: number | undefined, verb: string): Uint8Array[] {
    if (slot === undefined) return this.#states.map((i) => this.#bytesOf(i));
    const slots = Math.min(...this.#states.map((i) => this.#slotsOf(i)));
    if (!(Number.isInteger(slot) && slot >= 0 && slot < slots)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot ${verb} slot ${slot}: expected 0 to ${slots - 1}`,
      );
    }
    return this.#states.map((i) => part(this.#bytesOf(i), slot, this.#slotsOf(i)));
  }

  /** Sessions that a state holds: its first extent. */
  #slotsOf(tensor: Index): number {
    const { program, ranges } = this.#loaded;
    return ranges[program.tensors[tensor].extents[0]].max;
  }
}

/** One of `count` equal parts. */
function part(bytes: Uint8Array, index: number, count: number): Uint8Array {
  const size = bytes.length / count;
  return bytes.subarray(index * size, (index + 1) * size);
}
