/** What the engines have in common: names, sizes, checks, slices, saved states. */
import { FewbitError } from "../errors.ts";
import { nextTurn } from "../event_loop.ts";
import { evaluateExpressions } from "../program/expression.ts";
import { layoutBytes } from "../layouts/mod.ts";
import type { Entry, Program, ProgramTensor } from "../program/program.ts";
import type { DType, Tensor, TensorData } from "../tensor.ts";
import { checkInputs } from "./_check_inputs.ts";
import { RunQueue } from "./_run_queue.ts";
import type { LoadedProgram } from "./loaded_program.ts";
import { symbolValues } from "./_symbol_values.ts";
import { decodeState, encodeState } from "./_saved_state.ts";
import { Slices } from "./_slices.ts";
import type { Execution, Inputs, Instance, Outputs, RunOptions, StateSnapshot } from "./engine.ts";

/** An execution that knows where to pause. */
interface SlicedExecution extends Execution {
  /** Instructions behind which a run pauses. */
  slices(): readonly number[];
}

/** How long `run` keeps the event loop. */
const PAUSE_MS = 8;

/** Base of the instances of all engines; a subclass moves bytes and runs slices. */
export abstract class BaseInstance implements Instance {
  abstract readonly engine: string;
  abstract readonly memoryBytes: number;
  readonly #loaded: LoadedProgram;
  #disposed = false;
  #execution = 0;
  /** Instructions of the present execution that are done. */
  protected progress = { done: 0 };
  readonly #queue = new RunQueue();
  readonly #slices = new Slices();
  /** When a run last let others work, and when the last one ended. */
  #paused = 0;
  #ended = 0;
  /** Tensors that each entry names. */
  readonly #used: number[][] = [];
  /** Values of the expressions in the present run. */
  #values: Float64Array;

  constructor(loaded: LoadedProgram) {
    this.#loaded = loaded;
    this.#values = evaluateExpressions(loaded.program, loaded.symbols);
  }

  get program(): Program {
    return this.#loaded.program;
  }

  get id(): string {
    return this.#loaded.id;
  }

  /** Facts about the loaded program, for subclasses. */
  protected get loaded(): LoadedProgram {
    return this.#loaded;
  }

  /** The memory of a tensor, at its largest extents. */
  protected abstract bytesOf(tensor: number): Uint8Array;
  /** Makes the symbols' values known; throws where inputs fail their checks. */
  protected abstract start(entry: number, symbols: readonly number[]): void;
  /** Runs instructions `first` … `first + count − 1`, numbered from the start of the entry. */
  protected abstract step(entry: number, first: number, count: number): void;
  /** Makes the NaNs of a float32 tensor canonical, which elsewhere have the bits that the host gave them. */
  protected abstract canonicalize(tensor: number): void;
  /** Initial bytes of a state tensor, if they are not zero. */
  protected abstract resetState(tensor: number): Uint8Array | undefined;
  protected abstract release(): void;
  abstract fork(): Instance;

  async run(inputs: Inputs, options: RunOptions = {}): Promise<Outputs> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const { leave, before } = this.#queue.enter();
    try {
      if (before !== undefined) {
        // The caller may use its arrays again before its turn comes.
        inputs = copies(inputs);
        await before(signal);
      }
      const execution = this.#begin(inputs, options);
      const watched = signal !== undefined || onProgress !== undefined;
      const ends = watched ? execution.slices() : [execution.total];
      // Short runs one after the other pause as often as a long one.
      if (performance.now() - this.#ended >= PAUSE_MS) this.#paused = performance.now();
      for (const end of ends) {
        if (execution.advance(end - execution.done)) break;
        onProgress?.(execution.done, execution.total);
        if (performance.now() - this.#paused >= PAUSE_MS) await this.#pause();
        signal?.throwIfAborted();
      }
      onProgress?.(execution.total, execution.total);
      this.#ended = performance.now();
      if (watched && this.#ended - this.#paused >= PAUSE_MS) await this.#pause();
      signal?.throwIfAborted();
      return execution.outputs();
    } finally {
      leave();
    }
  }

  /** Lets others work. */
  async #pause(): Promise<void> {
    await nextTurn();
    this.#paused = performance.now();
  }

  runSync(inputs: Inputs, options: RunOptions = {}): Outputs {
    const execution = this.begin(inputs, options);
    execution.advance();
    return execution.outputs();
  }

  begin(inputs: Inputs, options: RunOptions = {}): Execution {
    this.assertUsable();
    if (this.#queue.busy) {
      throw new FewbitError(
        "invalid_argument",
        "Cannot begin: a run is in progress, which has to be awaited first",
      );
    }
    return this.#begin(inputs, options);
  }

  #begin(inputs: Inputs, options: RunOptions): SlicedExecution {
    this.assertUsable();
    const { program } = this;
    const index = options.entry === undefined
      ? 0
      : program.entries.findIndex((entry) => entry.name === options.entry);
    if (index < 0) {
      throw new FewbitError(
        "not_found",
        `Cannot run entry "${options.entry}": the program has ${
          program.entries.map((entry) => entry.name).join(", ")
        }`,
      );
    }
    const entry = program.entries[index];
    const used = this.#used[index] ??= tensorsOf(program, entry);
    const symbols = symbolValues(this.#loaded, used, inputs, options.symbols ?? {});
    const values = evaluateExpressions(program, symbols);
    const given = checkInputs(program, used, inputs, values);
    // Nothing was written so far: what was refused leaves an earlier execution as it was. From here on
    // that one is over, also if the engine refuses values that have changed since.
    const ticket = ++this.#execution;
    for (const [i, data] of given) this.bytesOf(i).set(bytesOf(data));
    this.#values = values;
    this.start(index, symbols);
    const assertCurrent = (): void => {
      this.assertUsable();
      if (ticket !== this.#execution) {
        throw new FewbitError("invalid_argument", "Cannot go on: another run has begun");
      }
    };
    const progress = { done: 0 };
    this.progress = progress;
    return {
      total: entry.count,
      get done() {
        return progress.done;
      },
      advance: (count = entry.count): boolean => {
        assertCurrent();
        checkAdvance(count);
        const take = Math.min(count, entry.count - progress.done);
        if (take > 0) this.step(index, progress.done, take);
        progress.done += take;
        return progress.done === entry.count;
      },
      slices: () => this.#slices.ends(program, index, symbols, values),
      outputs: (): Outputs => {
        assertCurrent();
        if (progress.done < entry.count) {
          throw new FewbitError(
            "invalid_argument",
            `Cannot take outputs: ${progress.done} of ${entry.count} instructions are done`,
          );
        }
        const outputs = used.filter((i) => program.tensors[i].region === "output");
        return Object.fromEntries(
          outputs.map((i) => [program.tensors[i].name, this.#copy(i, values)]),
        );
      },
    };
  }

  read(name: string): Tensor {
    this.assertUsable();
    return this.peek(this.#find(name, ["parameter", "state", "output"]));
  }

  peek(tensor: number): Tensor {
    this.assertUsable();
    this.canonicalize(tensor);
    return this.#copy(tensor, this.#values);
  }

  write(name: string, data: TensorData): void {
    this.assertUsable();
    const i = this.#find(name, ["parameter", "state"]);
    const target = this.bytesOf(i);
    const source = bytesOf(data);
    if (source.length !== target.length) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot write "${name}": expected ${target.length} bytes, got ${source.length}`,
      );
    }
    target.set(source);
  }

  reset(slot?: number): void {
    this.assertUsable();
    // Before anything is written: all of a session is reset, or nothing.
    const targets = this.#stateBytes(slot, "reset");
    this.#states().forEach((i, n) => {
      const initial = this.resetState(i);
      if (initial === undefined) targets[n].fill(0);
      else targets[n].set(slot === undefined ? initial : part(initial, slot, this.#slotsOf(i)));
    });
  }

  saveState(slot?: number): Uint8Array<ArrayBuffer> {
    this.assertUsable();
    const bytes = this.#stateBytes(slot, "save");
    this.#states().forEach((i) => this.canonicalize(i));
    return encodeState(this.id, bytes);
  }

  restoreState(saved: Uint8Array, slot?: number): void {
    this.assertUsable();
    decodeState(this.id, saved, this.#stateBytes(slot, "restore"));
  }

  snapshot(slot?: number): StateSnapshot {
    this.assertUsable();
    return { slot, bytes: this.#stateBytes(slot, "save").map((bytes) => bytes.slice()) };
  }

  rollback({ slot, bytes }: StateSnapshot): void {
    this.assertUsable();
    this.#stateBytes(slot, "restore").forEach((state, i) => state.set(bytes[i]));
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.release();
  }

  /** Throws where the instance was disposed. */
  protected assertUsable(): void {
    if (this.#disposed) throw new FewbitError("disposed", "Cannot use instance: it was disposed");
  }

  #states(): number[] {
    return this.program.tensors.flatMap((tensor, i) => tensor.region === "state" ? [i] : []);
  }

  /** Memory of the state, or of one session's part of it. */
  #stateBytes(slot: number | undefined, verb: string): Uint8Array[] {
    const states = this.#states();
    if (slot === undefined) return states.map((i) => this.bytesOf(i));
    const slots = Math.min(...states.map((i) => this.#slotsOf(i)));
    if (!(Number.isInteger(slot) && slot >= 0 && slot < slots)) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot ${verb} slot ${slot}: expected 0 to ${slots - 1}`,
      );
    }
    return states.map((i) => part(this.bytesOf(i), slot, this.#slotsOf(i)));
  }

  /** Sessions that a state holds: its first extent. */
  #slotsOf(tensor: number): number {
    return this.#loaded.ranges[this.program.tensors[tensor].extents[0]].max;
  }

  #find(name: string, regions: readonly ProgramTensor["region"][]): number {
    const i = this.program.tensors.findIndex((tensor) =>
      tensor.name === name && regions.includes(tensor.region)
    );
    if (i < 0) throw new FewbitError("not_found", `No ${regions.join(" or ")} is named "${name}"`);
    return i;
  }

  #copy(i: number, values: Float64Array): Tensor {
    const { dtype, extents, layout } = this.program.tensors[i];
    const shape = extents.map((extent) => values[extent]);
    const bytes = this.bytesOf(i).slice(0, layoutBytes(layout, dtype, shape));
    return { dtype, shape, data: viewAs(dtype, bytes) };
  }
}

/** A count that is none would leave `done` beside the truth, and outputs that nothing computed. */
function checkAdvance(count: number): void {
  if (count === Infinity || (Number.isInteger(count) && count >= 0)) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot go on by ${String(count)} instructions: expected an integer of at least 0`,
  );
}

/** `slice` of all typed arrays; that of Node's `Buffer` shares its memory. */
const { slice } = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

/** The inputs as they are now. */
function copies(inputs: Inputs): Inputs {
  const isTyped = (data: unknown): boolean =>
    ArrayBuffer.isView(data) && !(data instanceof DataView);
  return Object.fromEntries(
    Object.entries(inputs).map((
      [name, data],
    ) => [name, isTyped(data) ? slice.call(data as Uint8Array) : data]),
  );
}

/** One of `count` equal parts. */
function part(bytes: Uint8Array, index: number, count: number): Uint8Array {
  const size = bytes.length / count;
  return bytes.subarray(index * size, (index + 1) * size);
}

/** Tensors that the instructions of an entry name, or the checks of its inputs, ascending. */
function tensorsOf(program: Program, entry: Entry): number[] {
  const used = new Set<number>();
  for (const { operands } of program.instructions.slice(entry.first, entry.first + entry.count)) {
    for (const operand of operands) if (operand >= 0) used.add(program.views[operand].tensor);
  }
  for (const i of used) {
    // Its values are checked against these.
    if (program.tensors[i].check === "past") used.add(program.tensors[i].offsets);
  }
  return [...used].sort((a, b) => a - b);
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Bytes as the elements of a dtype; `bytes` must own its buffer from offset 0. */
export function viewAs(dtype: DType, bytes: Uint8Array<ArrayBuffer>): TensorData {
  switch (dtype) {
    case "i8":
      return new Int8Array(bytes.buffer);
    case "u8":
    case "bool":
      return bytes;
    case "i16":
      return new Int16Array(bytes.buffer);
    case "u16":
    case "f16":
    case "bf16":
      return new Uint16Array(bytes.buffer);
    case "i32":
      return new Int32Array(bytes.buffer);
    case "u32":
      return new Uint32Array(bytes.buffer);
    case "f32":
      return new Float32Array(bytes.buffer);
    case "f64":
      return new Float64Array(bytes.buffer);
    case "i64":
      return new BigInt64Array(bytes.buffer);
  }
}
