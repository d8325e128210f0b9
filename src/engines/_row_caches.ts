/**
 * States of which a session has one row for each token it has had, and what is in the others is never read
 * (`cached` in `src/instructions`): only those rows are saved, and going back needs no copy of them. A _ring_
 * has fewer rows than a session has tokens; of it the rows are saved that the next token sees.
 */
import { CACHE_OPERANDS } from "../instructions/caches.ts";
import type { Index, Instruction, Program } from "../program/program.ts";
import { bytesOf } from "../tensor.ts";
import type { TensorData } from "../tensor.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** A state that is a cache. */
export interface RowCache {
  /** Whether a session may have had more tokens than there are rows. */
  readonly isRing: boolean;
  /** Most rows that a token sees. */
  readonly window: number;
}

/** The caches of a program that has some, and how many rows of them its sessions have appended. */
export class RowCaches {
  /** States that are caches. */
  readonly states: ReadonlyMap<Index, RowCache>;
  /** Rows that each session has appended. */
  readonly lengths: Int32Array;
  /** How often rows of each session that were in use have been or may have been overwritten. */
  readonly #overwritten: Int32Array;
  readonly #inputs: readonly Index[];
  /** Whether there is one of which snapshots copy no rows. */
  readonly #keepsRows: boolean;

  private constructor(
    states: ReadonlyMap<Index, RowCache>,
    inputs: readonly Index[],
    sessions: number,
  ) {
    this.states = states;
    this.#inputs = inputs;
    this.lengths = new Int32Array(sessions);
    this.#overwritten = new Int32Array(sessions);
    this.#keepsRows = [...states.values()].some(({ isRing }) => !isRing);
  }

  /** The caches of a program; `undefined` where it has none. */
  static of({ program, ranges }: LoadedProgram): RowCaches | undefined {
    const inputs = program.instructions.map((one) => inputsOf(program, one)).find((found) => found);
    if (inputs === undefined) return undefined;
    const states = new Map<Index, RowCache>();
    for (const [state, { region, extents }] of program.tensors.entries()) {
      if (region !== "state" || extents.length !== 3) continue;
      const window = windowOf(program, state, inputs);
      if (window === undefined) continue;
      const rows = ranges[extents[1]].max;
      states.set(state, {
        isRing: extents[1] !== program.tensors[inputs[1]].limit,
        window: window === 0 ? rows : Math.min(window, rows),
      });
    }
    const [first] = states.keys();
    if (first === undefined) return undefined;
    return new RowCaches(states, inputs, ranges[program.tensors[first].extents[0]].max);
  }

  /** Notes what a run is about to append. */
  append(inputs: ReadonlyMap<Index, TensorData>): void {
    const [slot, past, offsets] = this.#inputs.map((i) => integersOf(inputs.get(i)));
    slot.forEach((session, s) => {
      if (past[s] < this.lengths[session]) this.#overwritten[session]++;
      this.lengths[session] = past[s] + offsets[s + 1] - offsets[s];
    });
  }

  /** Sets how many rows sessions have appended whose memory was written from outside. */
  set(lengths: ArrayLike<number>, slot: number | undefined): void {
    this.#overwritten.forEach((count, session) => {
      if (slot === undefined || session === slot) this.#overwritten[session] = count + 1;
    });
    this.lengths.set(lengths, slot ?? 0);
  }

  /** Says that a session has appended fewer rows. */
  rewind(length: number, slot: number): void {
    if (length === this.lengths[slot]) return;
    this.#overwritten[slot]++;
    this.lengths[slot] = length;
  }

  /** What is needed to go back. */
  mark(): RowMark {
    return { lengths: this.lengths.slice(), overwritten: this.#overwritten.slice() };
  }

  /** Goes back, if the rows of then are still there. */
  goBack({ lengths, overwritten }: RowMark, slot: number | undefined): boolean {
    const sessions = slot === undefined ? [...lengths.keys()] : [slot];
    const isWritten = (session: number): boolean =>
      overwritten[session] !== this.#overwritten[session];
    if (this.#keepsRows && sessions.some(isWritten)) return false;
    for (const session of sessions) this.lengths[session] = lengths[session];
    return true;
  }
}

/** How many rows sessions had appended at a time. */
export interface RowMark {
  readonly lengths: Int32Array;
  readonly overwritten: Int32Array;
}

/** The inputs of an instruction that works with caches: `slot`, `past` and `offsets`. */
function inputsOf(
  { views, tensors }: Program,
  { opcode, operands }: Instruction,
): Index[] | undefined {
  const found = CACHE_OPERANDS[opcode]?.inputs.map((j) => views[operands[j]].tensor);
  return found?.every((i) => tensors[i].region === "input") ? found : undefined;
}

/**
 * Most rows that are looked back in a state, 0 for all, where it is used as a cache and as nothing else, as a
 * whole, with these inputs, and none of its rows twice. One that only hosts read is none.
 */
function windowOf(program: Program, state: Index, inputs: readonly Index[]): number | undefined {
  let most: number | undefined;
  for (const instruction of program.instructions) {
    for (const [j, view] of instruction.operands.entries()) {
      if (view < 0 || program.views[view].tensor !== state) continue;
      const { written, read, window } = CACHE_OPERANDS[instruction.opcode] ??
        { written: [], read: [] };
      const isCached = [...written, ...read].includes(j) && isWhole(program, view) &&
        String(inputsOf(program, instruction)) === String(inputs);
      if (!isCached) return undefined;
      if (!read.includes(j)) continue;
      const back = window === undefined ? 0 : instruction.attributes[window];
      most = back === 0 || most === 0 ? 0 : Math.max(back, most ?? 0);
    }
  }
  return most;
}

function isWhole({ views, tensors, expressions }: Program, view: Index): boolean {
  const { tensor, extents, offset } = views[view];
  const { constant, terms } = expressions[offset];
  return String(extents) === String(tensors[tensor].extents) && constant === 0 &&
    terms.length === 0;
}

function integersOf(data: TensorData | undefined): Int32Array {
  if (data === undefined) return new Int32Array(0);
  return data instanceof Int32Array ? data : new Int32Array(bytesOf(data).slice().buffer);
}
