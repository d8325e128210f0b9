/** What the engines have in common whose memory is at hand: runs and their slices, copies, states. */
import { FewbitError } from "../errors.ts";
import { host, pauseIfDue, workBegins } from "../event_loop.ts";
import { evaluateExpressions } from "../program/expression.ts";
import type { Index, Program, ProgramTensor } from "../program/program.ts";
import { bytesOf, denseBytes, tensorOf, viewAs } from "../tensor.ts";
import type { DType, Tensor, TensorData } from "../tensor.ts";
import { checkType } from "./check_type.ts";
import { ofType } from "./expect_tensor.ts";
import { copyInputs, prepareRun } from "./prepare_run.ts";
import { RunQueue } from "./run_queue.ts";
import { Sessions } from "./sessions.ts";
import { Slices } from "./_slices.ts";
import type {
  Execution,
  Inputs,
  Outputs,
  RunOptions,
  StateSnapshot,
  SyncInstance,
  SyncRunOptions,
} from "./engine.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** An execution that knows how far to go at one go. */
interface SlicedExecution extends Execution {
  /** Goes on by a slice; returns the milliseconds that this took by an estimate. */
  slice(): number;
}

/** Base of the instances whose memory is at hand; a subclass moves bytes and runs slices. */
export abstract class BaseInstance implements SyncInstance {
  abstract readonly engine: string;
  abstract readonly memoryBytes: number;
  readonly symbols: Readonly<Record<string, number>>;
  /** Facts about the loaded program, for subclasses. */
  protected readonly loaded: LoadedProgram;
  /** Tensors that each entry names. */
  readonly #used: Index[][] = [];
  readonly #sessions: Sessions;
  #disposed = false;
  #execution = 0;
  /** Instructions of the present execution that are done. */
  protected progress = { done: 0 };
  readonly #queue = new RunQueue();
  readonly #slices: Slices;
  /** Values of the expressions in the present run. */
  #values: Float64Array;

  /** @param slowness How many times as long as on the fastest engine a run takes, roughly. */
  constructor(loaded: LoadedProgram, slowness: number) {
    const { program, symbols } = loaded;
    this.loaded = loaded;
    this.#slices = new Slices(program, slowness, this.stepPart !== undefined);
    this.#sessions = new Sessions(
      loaded,
      (tensor) => this.bytesOf(tensor),
      (tensor) => this.resetState(tensor),
      (tensor) => this.canonicalize(tensor),
    );
    this.#values = evaluateExpressions(program, symbols);
    this.symbols = Object.fromEntries(
      program.symbols.flatMap(({ name, kind }, i) => kind === "load" ? [[name, symbols[i]]] : []),
    );
  }

  get program(): Program {
    return this.loaded.program;
  }

  get id(): string {
    return this.loaded.id;
  }

  /** The memory of a tensor, at its largest extents. */
  protected abstract bytesOf(tensor: Index): Uint8Array;
  /** Makes the symbols' values known; throws where inputs fail their checks. */
  protected abstract start(entry: Index, symbols: readonly number[]): void;
  /** Runs instructions `first` … `first + count − 1`, numbered from the start of the entry. */
  protected abstract step(entry: Index, first: number, count: number): void;
  /** Runs a part of an instruction; the parts may run in any order, each once. */
  protected stepPart?(entry: Index, index: number, part: number, parts: number): void;
  /** Makes the NaNs of a float32 tensor canonical, which elsewhere have the bits that the host gave them. */
  protected abstract canonicalize(tensor: Index): void;
  /** Initial bytes of a state tensor, if they are not zero. */
  protected abstract resetState(tensor: Index): Uint8Array | undefined;
  /** An instance with the same constants and copies of parameters and state. */
  protected abstract copy(): SyncInstance;
  protected abstract release(): void;

  async run(inputs: Inputs, options: RunOptions = {}): Promise<Outputs> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const { leave, before } = this.#queue.enter();
    try {
      if (before !== undefined) {
        // The caller may use its arrays again before its turn comes.
        inputs = copyInputs(inputs);
        await before(signal);
      }
      const execution = this.#begin(inputs, options);
      await workBegins(signal);
      while (execution.done < execution.total) {
        const ms = execution.slice();
        onProgress?.(execution.done, execution.total);
        await pauseIfDue(signal, ms);
      }
      return execution.outputs();
    } finally {
      leave();
    }
  }

  runSync(inputs: Inputs, options: SyncRunOptions = {}): Outputs {
    const execution = this.begin(inputs, options);
    execution.advance();
    return execution.outputs();
  }

  begin(inputs: Inputs, options: SyncRunOptions = {}): Execution {
    this.assertUsable();
    if (this.#queue.busy) {
      throw new FewbitError(
        "invalid_argument",
        "Cannot begin: a run is in progress, which has to be awaited first",
      );
    }
    return this.#begin(inputs, options);
  }

  #begin(inputs: Inputs, options: SyncRunOptions): SlicedExecution {
    this.assertUsable();
    const run = prepareRun(this.loaded, this.#used, inputs, options);
    const { entry, symbols, values } = run;
    const { program } = this;
    const { count } = program.entries[entry];
    // Nothing was written so far: what was refused leaves an earlier execution as it was. From here on
    // that one is over, also if the engine refuses values that have changed since.
    const ticket = ++this.#execution;
    for (const [i, data] of run.inputs) this.bytesOf(i).set(bytesOf(data));
    this.#values = values;
    this.#slices.begin(entry, symbols, values);
    this.start(entry, symbols);
    this.#sessions.append(run.inputs);
    const assertCurrent = (): void => {
      this.assertUsable();
      if (ticket !== this.#execution) {
        throw new FewbitError("invalid_argument", "Cannot go on: another run has begun");
      }
    };
    const progress = { done: 0 };
    this.progress = progress;
    return {
      total: count,
      get done() {
        return progress.done;
      },
      advance: (more = count): boolean => {
        assertCurrent();
        checkAdvance(more);
        const take = Math.min(more, count - progress.done);
        if (take > 0) this.step(entry, progress.done, take);
        progress.done += take;
        return progress.done === count;
      },
      slice: () => {
        assertCurrent();
        return this.#slice(entry);
      },
      outputs: (): Outputs => {
        assertCurrent();
        if (progress.done < count) {
          throw new FewbitError(
            "invalid_argument",
            `Cannot take outputs: ${progress.done} of ${count} instructions are done`,
          );
        }
        return Object.fromEntries(
          run.outputs.map((i) => [program.tensors[i].name, this.#copy(i, values)]),
        );
      },
    };
  }

  /** Goes on by a slice; returns the milliseconds that this took by an estimate. */
  #slice(entry: Index): number {
    const { progress } = this;
    const { count, part, parts, ms } = this.#slices.next(progress.done);
    const start = host.now();
    if (parts === 1) this.step(entry, progress.done, count);
    else this.stepPart!(entry, progress.done, part, parts);
    if (part + 1 === parts) progress.done += count;
    this.#slices.took(ms, host.now() - start);
    return ms;
  }

  /** Ends the instruction that a run, in progress or given up, has done some parts of. */
  #settle(): void {
    this.assertUsable();
    while (this.#slices.isInside) this.#slice(this.#slices.entry);
  }

  readSync<D extends DType = DType>(name: string, dtype?: D): Tensor<D> {
    this.assertUsable();
    const tensor = this.peekSync(this.#find(name, ["parameter", "state", "output"]));
    return dtype === undefined ? tensor as Tensor<D> : ofType(tensor, name, dtype);
  }

  read<D extends DType = DType>(name: string, dtype?: D): Promise<Tensor<D>> {
    return promised(() => this.readSync(name, dtype));
  }

  peekSync(tensor: Index): Tensor {
    this.#settle();
    const { tensors } = this.program;
    if (!(Number.isInteger(tensor) && tensor >= 0 && tensor < tensors.length)) {
      throw new FewbitError(
        "not_found",
        `Cannot read tensor ${String(tensor)}: expected an index from 0 to ${tensors.length - 1}`,
      );
    }
    this.canonicalize(tensor);
    return this.#copy(tensor, this.#values);
  }

  peek(tensor: Index): Promise<Tensor> {
    return promised(() => this.peekSync(tensor));
  }

  write(name: string, data: TensorData): void {
    this.#settle();
    const i = this.#find(name, ["parameter", "state"]);
    checkType(`Cannot write "${name}": it`, this.program.tensors[i].dtype, data);
    const target = this.bytesOf(i);
    const source = bytesOf(data);
    if (source.length !== target.length) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot write ${name}: ${source.length} bytes, ${target.length} expected`,
      );
    }
    target.set(source);
    this.#sessions.written(i);
  }

  reset(slot?: number): void {
    this.#usable.reset(slot);
  }

  saveStateSync(slot?: number): Uint8Array<ArrayBuffer> {
    return this.#usable.save(slot);
  }

  saveState(slot?: number): Promise<Uint8Array<ArrayBuffer>> {
    return promised(() => this.saveStateSync(slot));
  }

  restoreState(saved: Uint8Array, slot?: number): void {
    this.#usable.restore(saved, slot);
  }

  rewind(tokens: number, slot: number): void {
    this.#usable.rewind(tokens, slot);
  }

  snapshot(slot?: number): Promise<StateSnapshot> {
    return promised(() => this.#usable.snapshot(slot));
  }

  rollback(snapshot: StateSnapshot): void {
    this.#usable.rollback(snapshot);
  }

  fork(): SyncInstance {
    this.assertUsable();
    const copy = this.copy();
    if (copy instanceof BaseInstance) copy.#sessions.adopt(this.#sessions);
    return copy;
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

  /** The sessions between two instructions, unless the instance was disposed. */
  get #usable(): Sessions {
    this.#settle();
    return this.#sessions;
  }

  #find(name: string, regions: readonly ProgramTensor["region"][]): Index {
    const i = this.program.tensors.findIndex((tensor) =>
      tensor.name === name && regions.includes(tensor.region)
    );
    if (i < 0) throw new FewbitError("not_found", `No ${regions.join(" or ")} is named "${name}"`);
    return i;
  }

  #copy(i: Index, values: Float64Array): Tensor {
    const { dtype, extents, layout } = this.program.tensors[i];
    const shape = extents.map((extent) => values[extent]);
    // Panels have the same extents in every run: all of their memory.
    const bytes = this.bytesOf(i).slice(
      0,
      layout === "rows" ? denseBytes(dtype, shape) : undefined,
    );
    return tensorOf(dtype, shape, viewAs(dtype, bytes));
  }
}

/** What is computed at once, as a promise: a failure rejects. */
function promised<T>(compute: () => T): Promise<T> {
  return new Promise((resolve) => resolve(compute()));
}

/** A count that is none would leave `done` beside the truth, and outputs that nothing computed. */
function checkAdvance(count: number): void {
  if (count === Infinity || (Number.isInteger(count) && count >= 0)) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot go on by ${String(count)} instructions: expected an integer of at least 0`,
  );
}
