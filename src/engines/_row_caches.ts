/**
 * States of which a session has one row for each token it has had, and what is in the others is never read
 * (`cached` in `src/instructions`): only those rows are saved, and going back needs no copy of them.
 */
import { CACHE_OPERANDS } from "../instructions/caches.ts";
import type { Index, Instruction, Program } from "../program/program.ts";
import { bytesOf } from "../tensor.ts";
import type { TensorData } from "../tensor.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** The caches of a program that has some, and how many rows of them its sessions use. */
export class RowCaches {
  /** States that are caches. */
  readonly states: ReadonlySet<Index>;
  /** Rows that each session uses. */
  readonly lengths: Int32Array;
  /** How often rows of each session that were in use have been or may have been overwritten. */
  readonly #overwritten: Int32Array;
  readonly #inputs: readonly Index[];

  private constructor(states: ReadonlySet<Index>, inputs: readonly Index[], sessions: number) {
    this.states = states;
    this.#inputs = inputs;
    this.lengths = new Int32Array(sessions);
    this.#overwritten = new Int32Array(sessions);
  }

  /** The caches of a program; `undefined` where it has none. */
  static of({ program, ranges }: LoadedProgram): RowCaches | undefined {
    const inputs = program.instructions.map((one) => inputsOf(program, one)).find((found) => found);
    if (inputs === undefined) return undefined;
    const states = new Set(
      program.tensors.flatMap(({ region }, i) =>
        region === "state" && isCache(program, i, inputs) ? [i] : []
      ),
    );
    const [first] = states;
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

  /** Sets how many rows sessions use whose memory was written from outside. */
  set(lengths: ArrayLike<number>, slot: number | undefined): void {
    this.#overwritten.forEach((count, session) => {
      if (slot === undefined || session === slot) this.#overwritten[session] = count + 1;
    });
    this.lengths.set(lengths, slot ?? 0);
  }

  /** What is needed to go back. */
  mark(): RowMark {
    return { lengths: this.lengths.slice(), overwritten: this.#overwritten.slice() };
  }

  /** Goes back, if the rows of then are still there. */
  goBack({ lengths, overwritten }: RowMark, slot: number | undefined): boolean {
    const sessions = slot === undefined ? [...lengths.keys()] : [slot];
    if (sessions.some((session) => overwritten[session] !== this.#overwritten[session])) {
      return false;
    }
    for (const session of sessions) this.lengths[session] = lengths[session];
    return true;
  }
}

/** How many rows sessions used at a time. */
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
 * Whether a state is used as a cache and as nothing else, as a whole, with these inputs, and none of its rows
 * twice. One that only hosts read is none.
 */
function isCache(program: Program, state: Index, inputs: readonly Index[]): boolean {
  const { extents } = program.tensors[state];
  const { limit } = program.tensors[inputs[1]];
  if (extents.length !== 3 || extents[1] !== limit) return false;
  let isRead = false;
  for (const instruction of program.instructions) {
    for (const [j, view] of instruction.operands.entries()) {
      if (view < 0 || program.views[view].tensor !== state) continue;
      const { written, read } = CACHE_OPERANDS[instruction.opcode] ?? { written: [], read: [] };
      const isCached = [...written, ...read].includes(j) && isWhole(program, view) &&
        String(inputsOf(program, instruction)) === String(inputs);
      if (!isCached) return false;
      isRead ||= read.includes(j);
    }
  }
  return isRead;
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
