/** An instance on a GPU: two buffers, and runs that are submitted. */
import { FewbitError } from "../../errors.ts";
import { evaluateExpressions } from "../../program/expression.ts";
import type { Index, Program, ProgramTensor } from "../../program/program.ts";
import { bytesOf, tensorOf, viewAs } from "../../tensor.ts";
import type { DType, Tensor, TensorData } from "../../tensor.ts";
import { canonicalizeNaN } from "../canonical_nan.ts";
import { copyInputs, prepareRun } from "../prepare_run.ts";
import { RunQueue } from "../run_queue.ts";
import { Sessions } from "../sessions.ts";
import { checkType } from "../check_type.ts";
import type { Inputs, Outputs, RunOptions, StateSnapshot } from "../engine.ts";
import { ofType } from "../expect_tensor.ts";
import type { GpuProgram } from "./_gpu_program.ts";
import { ARGUMENT_BYTES } from "./_pipelines.ts";
import { readBack, write } from "./_transfer.ts";
import type { AdapterInfo, GpuInstance } from "./gpu_instance.ts";

/** Instructions that are submitted at once where someone watches the run. */
const SLICE = 25;

/** A program on a GPU, with memory of its own. */
export class WebGpuInstance implements GpuInstance {
  readonly engine = "webgpu";
  readonly symbols: Readonly<Record<string, number>>;
  readonly #shared: GpuProgram;
  readonly #memory: GPUBuffer;
  readonly #arguments: GPUBuffer;
  /** By the chunk of constants that is bound. */
  readonly #groups: readonly GPUBindGroup[];
  readonly #sessions: Sessions;
  readonly #queue = new RunQueue();
  readonly #used: Index[][] = [];
  /** States that are on their way, by their tensors: nothing of them is kept on the CPU. */
  readonly #mirror = new Map<Index, Uint8Array<ArrayBuffer>>();
  #values: Float64Array;
  #disposed = false;

  constructor(shared: GpuProgram, memory: GPUBuffer) {
    const { verified, head } = shared.source;
    const { program, symbols } = verified;
    this.#shared = shared;
    shared.addUser();
    this.#memory = memory;
    const { gpu } = shared.device;
    const most = Math.max(...program.entries.map(({ count }) => count));
    this.#arguments = gpu.createBuffer({
      size: Math.max(1, most) * ARGUMENT_BYTES,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#groups = shared.weights.map((buffer) =>
      gpu.createBindGroup({
        layout: shared.pipelines.layout,
        entries: [
          { binding: 0, resource: { buffer } },
          { binding: 1, resource: { buffer: memory } },
          { binding: 2, resource: { buffer: this.#arguments, size: ARGUMENT_BYTES } },
        ],
      })
    );
    this.#sessions = new Sessions(
      { ...verified, id: head.id },
      (tensor) => this.#mirrored(tensor),
      (tensor) => this.#initial(tensor),
      (tensor) => this.#canonicalize(tensor, this.#mirrored(tensor)),
    );
    this.#values = evaluateExpressions(program, symbols);
    this.symbols = Object.fromEntries(
      program.symbols.flatMap(({ name, kind }, i) => kind === "load" ? [[name, symbols[i]]] : []),
    );
  }

  get program(): Program {
    return this.#shared.source.head.program;
  }

  get id(): string {
    return this.#shared.source.head.id;
  }

  /** What the adapter says of itself. */
  get adapterInfo(): AdapterInfo | undefined {
    return this.#shared.device.adapterInfo;
  }

  get memoryBytes(): number {
    return this.#shared.weightBytes + this.#shared.memoryBytes;
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
    const { verified, head } = this.#shared.source;
    const run = prepareRun({ ...verified, id: head.id }, this.#used, inputs, options);
    const { device, places } = this.#shared;
    const { gpu } = device;
    for (const [tensor, data] of run.inputs) {
      write(device, this.#memory, places.tensor(tensor).offset, bytesOf(data));
    }
    this.#values = run.values;
    gpu.queue.writeBuffer(this.#arguments, 0, this.#shared.argumentsOf(run.entry, run.values));
    this.#sessions.append(run.inputs);
    const { count } = this.program.entries[run.entry];
    const recording = this.#shared.recording(run.entry, run.symbols, this.#memory, this.#groups);
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
    const tensors = await this.#tensors(run.outputs, run.values);
    return Object.fromEntries(
      run.outputs.map((i, n) => [this.program.tensors[i].name, tensors[n]]),
    );
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
    const [found] = await this.#tensors([tensor], this.#values);
    return found;
  }

  write(name: string, data: TensorData): void {
    this.#assertUsable();
    const i = this.#find(name, ["parameter", "state"]);
    checkType(`Cannot write "${name}": it`, this.program.tensors[i].dtype, data);
    const { offset, bytes } = this.#shared.places.tensor(i);
    const source = bytesOf(data);
    if (source.length !== bytes) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot write ${name}: ${source.length} bytes, ${bytes} expected`,
      );
    }
    write(this.#shared.device, this.#memory, offset, source);
    this.#sessions.written(i);
  }

  reset(slot?: number): void {
    this.#changing(slot, () => this.#sessions.reset(slot));
  }

  async saveState(slot?: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertUsable();
    const save = this.#sessions.saving(slot);
    return await this.#withStates(save);
  }

  restoreState(saved: Uint8Array, slot?: number): void {
    this.#changing(slot, () => this.#sessions.restore(saved, slot));
  }

  rewind(tokens: number, slot: number): void {
    this.#assertUsable();
    this.#changing(slot, () => this.#sessions.rewind(tokens, slot), () => false);
  }

  async snapshot(slot?: number): Promise<StateSnapshot> {
    this.#assertUsable();
    const take = this.#sessions.snapshotting(slot);
    return await this.#withStates(take);
  }

  rollback(snapshot: StateSnapshot): void {
    this.#changing(
      snapshot?.slot,
      () => this.#sessions.rollback(snapshot),
      (tensor) => this.#sessions.isCopied(tensor),
    );
  }

  fork(): WebGpuInstance {
    this.#assertUsable();
    const { gpu } = this.#shared.device;
    const { size, usage } = this.#memory;
    const memory = gpu.createBuffer({ size, usage });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#memory, 0, memory, 0, size);
    gpu.queue.submit([encoder.finish()]);
    const copy = new WebGpuInstance(this.#shared, memory);
    copy.#sessions.adopt(this.#sessions);
    return copy;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#memory.destroy();
    this.#arguments.destroy();
    this.#shared.removeUser();
  }

  #assertUsable(): void {
    if (this.#disposed) throw new FewbitError("disposed", "Cannot use instance: it was disposed");
    this.#shared.device.assertUsable();
  }

  #find(name: string, regions: readonly ProgramTensor["region"][]): Index {
    const i = this.program.tensors.findIndex((tensor) =>
      tensor.name === name && regions.includes(tensor.region)
    );
    if (i < 0) throw new FewbitError("not_found", `No ${regions.join(" or ")} is named "${name}"`);
    return i;
  }

  /** Copies of tensors at their extents in a run. */
  async #tensors(tensors: readonly Index[], values: ArrayLike<number>): Promise<Tensor[]> {
    const { places, weights, device } = this.#shared;
    const bufferOf = (i: Index): GPUBuffer =>
      this.program.tensors[i].region === "constant"
        ? weights[places.chunks.place(i).chunk]
        : this.#memory;
    const byBuffer = Map.groupBy(tensors, bufferOf);
    const found = await Promise.all([...byBuffer].map(async ([buffer, own]) => {
      const ranges = own.map((i) => ({
        offset: places.tensor(i).offset,
        bytes: this.#shared.bytesIn(i, values),
      }));
      const bytes = await readBack(device, buffer, ranges);
      return own.map((i, n) => [i, bytes[n]] as const);
    }));
    const byTensor = new Map(found.flat());
    return tensors.map((i) => {
      const { dtype, extents } = this.program.tensors[i];
      const bytes = byTensor.get(i)!;
      this.#canonicalize(i, bytes);
      return tensorOf(dtype, extents.map((extent) => values[extent]), viewAs(dtype, bytes));
    });
  }

  #canonicalize(tensor: Index, bytes: Uint8Array): void {
    const { region, dtype } = this.program.tensors[tensor];
    if (dtype === "f32" && region !== "constant" && region !== "input") canonicalizeNaN(bytes);
  }

  #initial(tensor: Index): Uint8Array {
    const { offsets, bytes } = this.#shared.source.verified.plan;
    return new Uint8Array(this.#shared.source.state, offsets[tensor], bytes[tensor]);
  }

  #mirrored(tensor: Index): Uint8Array<ArrayBuffer> {
    let bytes = this.#mirror.get(tensor);
    if (bytes === undefined) {
      this.#mirror.set(tensor, bytes = new Uint8Array(this.#shared.places.tensor(tensor).bytes));
    }
    return bytes;
  }

  #states(): Index[] {
    return this.program.tensors.flatMap(({ region }, i) => region === "state" ? [i] : []);
  }

  /** Does something with all states as they are at the moment of the call. */
  async #withStates<T>(use: () => T): Promise<T> {
    const states = this.#states();
    const ranges = states.map((i) => this.#shared.places.tensor(i));
    const bytes = await readBack(this.#shared.device, this.#memory, ranges);
    try {
      states.forEach((i, n) => this.#mirror.set(i, bytes[n]));
      return use();
    } finally {
      this.#mirror.clear();
    }
  }

  /** Changes states, or one session's part of them, and writes those that were changed. */
  #changing(
    slot: number | undefined,
    change: () => void,
    isChanged: (tensor: Index) => boolean = () => true,
  ): void {
    this.#assertUsable();
    try {
      change();
      for (const [tensor, bytes] of this.#mirror) {
        if (!isChanged(tensor)) continue;
        const size = slot === undefined ? bytes.length : bytes.length / this.#slotsOf(tensor);
        const at = (slot ?? 0) * size;
        const offset = this.#shared.places.tensor(tensor).offset + at;
        write(this.#shared.device, this.#memory, offset, bytes.subarray(at, at + size));
      }
    } finally {
      this.#mirror.clear();
    }
  }

  #slotsOf(tensor: Index): number {
    const { verified } = this.#shared.source;
    return verified.ranges[verified.program.tensors[tensor].extents[0]].max;
  }
}
