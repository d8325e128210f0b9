/** An instance on a GPU: runs that are submitted, states that come when they are asked for. */
import { FewbitError } from "../../errors.ts";
import { evaluateExpressions } from "../../program/expression.ts";
import type { Index, Program, ProgramTensor } from "../../program/program.ts";
import { bytesOf } from "../../tensor.ts";
import type { DType, Tensor, TensorData } from "../../tensor.ts";
import { copyInputs, prepareRun } from "../prepare_run.ts";
import type { PreparedRun } from "../prepare_run.ts";
import { RunQueue } from "../run_queue.ts";
import { checkType } from "../check_type.ts";
import type { Inputs, Outputs, RunOptions, StateSnapshot, SyncRunOptions } from "../engine.ts";
import { ofType } from "../expect_tensor.ts";
import type { BoundProgram } from "./_bound_program.ts";
import { runChain } from "./_chain.ts";
import { GpuStates } from "./_gpu_states.ts";
import type { AdapterInfo, ChainedRun, DeviceOptions, GpuInstance } from "./gpu_instance.ts";

/** Loads the program again, on a device that is asked for anew. */
export type Reopen = (options: DeviceOptions) => Promise<BoundProgram>;

/** Instructions that are submitted at once where someone watches the run. */
const SLICE = 25;

/** A program on a GPU, with memory of its own. */
export class WebGpuInstance implements GpuInstance {
  readonly engine = "webgpu";
  readonly symbols: Readonly<Record<string, number>>;
  #bound: BoundProgram;
  readonly #reopen: Reopen;
  readonly #states: GpuStates;
  readonly #queue = new RunQueue();
  readonly #used: Index[][] = [];
  #values: Float64Array;
  #disposed = false;

  constructor(bound: BoundProgram, reopen: Reopen) {
    const { program, symbols } = bound.shared.source.verified;
    this.#bound = bound;
    this.#reopen = reopen;
    this.#states = new GpuStates(() => this.#bound);
    this.#values = evaluateExpressions(program, symbols);
    this.symbols = Object.fromEntries(
      program.symbols.flatMap(({ name, kind }, i) => kind === "load" ? [[name, symbols[i]]] : []),
    );
  }

  get program(): Program {
    return this.#bound.shared.source.head.program;
  }

  get id(): string {
    return this.#bound.shared.source.head.id;
  }

  /** What the adapter says of itself. */
  get adapterInfo(): AdapterInfo | undefined {
    return this.#bound.device.adapterInfo;
  }

  get memoryBytes(): number {
    return this.#bound.shared.weightBytes + this.#bound.shared.memoryBytes;
  }

  async run(inputs: Inputs, options: RunOptions = {}): Promise<Outputs> {
    const { signal } = options;
    signal?.throwIfAborted();
    const { leave, before } = this.#queue.enter();
    try {
      if (before !== undefined) {
        inputs = copyInputs(inputs);
        await before(signal);
      }
      return await this.#run(inputs, options);
    } finally {
      leave();
    }
  }

  async #run(inputs: Inputs, options: RunOptions): Promise<Outputs> {
    this.#assertUsable();
    const { signal, onProgress } = options;
    const run = this.#prepare(inputs, options);
    const recording = this.#bound.start(run, run.inputs);
    this.#begun(run);
    const { device } = this.#bound;
    const { gpu } = device;
    const { count } = this.program.entries[run.entry];
    const isWatched = signal !== undefined || onProgress !== undefined;
    const slice = isWatched ? SLICE : count;
    for (let done = 0; done < count; done += slice) {
      const encoder = gpu.createCommandEncoder();
      const now = Math.min(slice, count - done);
      recording.record(encoder, done, now);
      gpu.queue.submit([encoder.finish()]);
      if (!isWatched) continue;
      await device.until(gpu.queue.onSubmittedWorkDone());
      this.#assertUsable();
      onProgress?.(done + now, count);
      signal?.throwIfAborted();
    }
    const tensors = await this.#bound.read(run.outputs, run.values);
    return Object.fromEntries(
      run.outputs.map((i, n) => [this.program.tensors[i].name, tensors[n]]),
    );
  }

  /** What is settled of a run before anything is written. */
  #prepare(inputs: Inputs, options: SyncRunOptions): PreparedRun {
    const { verified, head } = this.#bound.shared.source;
    return prepareRun({ ...verified, id: head.id }, this.#used, inputs, options);
  }

  #begun(run: PreparedRun): void {
    this.#values = run.values;
    this.#states.sessions.append(run.inputs);
  }

  async runChain(runs: readonly ChainedRun[]): Promise<Outputs[]> {
    const { leave, before } = this.#queue.enter();
    try {
      if (before !== undefined) {
        runs = runs.map((run) => ({ ...run, inputs: copyInputs(run.inputs) }));
        await before(undefined);
      }
      this.#assertUsable();
      return await runChain(
        this.#bound,
        runs,
        (inputs, run) => this.#prepare(inputs, run),
        (run) => this.#begun(run),
      );
    } finally {
      leave();
    }
  }

  async read<D extends DType = DType>(name: string, dtype?: D): Promise<Tensor<D>> {
    const tensor = await this.peek(this.#find(name, ["parameter", "state", "output"]));
    return dtype === undefined ? tensor as Tensor<D> : ofType(tensor, name, dtype);
  }

  async peek(tensor: Index): Promise<Tensor> {
    this.#assertUsable();
    const { tensors } = this.program;
    if (!(Number.isInteger(tensor) && tensor >= 0 && tensor < tensors.length)) {
      throw new FewbitError(
        "not_found",
        `Cannot read tensor ${String(tensor)}: expected an index from 0 to ${tensors.length - 1}`,
      );
    }
    const [found] = await this.#bound.read([tensor], this.#values);
    return found;
  }

  write(name: string, data: TensorData): void {
    this.#assertUsable();
    const i = this.#find(name, ["parameter", "state"]);
    checkType(`Cannot write "${name}": it`, this.program.tensors[i].dtype, data);
    const { bytes } = this.#bound.shared.places.tensor(i);
    const source = bytesOf(data);
    if (source.length !== bytes) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot write ${name}: ${source.length} bytes, ${bytes} expected`,
      );
    }
    this.#bound.write(i, data);
    this.#states.sessions.written(i);
  }

  reset(slot?: number): void {
    this.#assertUsable();
    this.#states.reset(slot);
  }

  async saveState(slot?: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertUsable();
    return await this.#states.save(slot);
  }

  restoreState(saved: Uint8Array, slot?: number): void {
    this.#assertUsable();
    this.#states.restore(saved, slot);
  }

  rewind(tokens: number, slot: number): void {
    this.#assertUsable();
    this.#states.rewind(tokens, slot);
  }

  async snapshot(slot?: number): Promise<StateSnapshot> {
    this.#assertUsable();
    return await this.#states.snapshot(slot);
  }

  rollback(snapshot: StateSnapshot): void {
    this.#assertUsable();
    this.#states.rollback(snapshot);
  }

  async reload(options: DeviceOptions = {}): Promise<void> {
    this.#assertKept();
    const bound = await this.#reopen(options);
    if (this.#disposed) bound.release();
    this.#assertKept();
    this.#bound.release();
    this.#bound = bound;
    this.#states.restoreLast();
  }

  fork(): WebGpuInstance {
    this.#assertUsable();
    const copy = new WebGpuInstance(this.#bound.fork(), this.#reopen);
    copy.#states.sessions.adopt(this.#states.sessions);
    return copy;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#bound.release();
  }

  #assertUsable(): void {
    this.#assertKept();
    this.#bound.device.assertUsable();
  }

  #assertKept(): void {
    if (this.#disposed) throw new FewbitError("disposed", "Cannot use instance: it was disposed");
  }

  #find(name: string, regions: readonly ProgramTensor["region"][]): Index {
    const i = this.program.tensors.findIndex((tensor) =>
      tensor.name === name && regions.includes(tensor.region)
    );
    if (i < 0) throw new FewbitError("not_found", `No ${regions.join(" or ")} is named "${name}"`);
    return i;
  }
}
