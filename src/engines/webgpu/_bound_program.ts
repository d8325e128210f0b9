/** A program with memory of its own on a GPU, bound for its dispatches. */
import type { Index } from "../../program/program.ts";
import { bytesOf, tensorOf, viewAs } from "../../tensor.ts";
import type { Tensor, TensorData } from "../../tensor.ts";
import { canonicalizeNaN } from "../canonical_nan.ts";
import type { PreparedRun } from "../prepare_run.ts";
import type { Device } from "./_device.ts";
import type { GpuProgram, Recording } from "./_gpu_program.ts";
import { ARGUMENT_BYTES } from "./_pipelines.ts";
import { readBack, write } from "./_transfer.ts";

/** What an instance stands on; another one after the GPU was lost. */
export class BoundProgram {
  readonly #arguments: GPUBuffer;
  /** By the chunk of constants that is bound. */
  readonly #groups: readonly GPUBindGroup[];

  constructor(readonly shared: GpuProgram, readonly memory: GPUBuffer) {
    const { gpu } = shared.device;
    const most = Math.max(...shared.source.head.program.entries.map(({ count }) => count));
    shared.addUser();
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
  }

  get device(): Device {
    return this.shared.device;
  }

  /** Writes the bytes of a tensor. */
  write(tensor: Index, data: TensorData): void {
    write(this.device, this.memory, this.shared.places.tensor(tensor).offset, bytesOf(data));
  }

  /** Writes inputs and arguments of a run, whose dispatches can be recorded then. */
  start(run: PreparedRun, inputs: PreparedRun["inputs"]): Recording {
    for (const [tensor, data] of inputs) this.write(tensor, data);
    const words = this.shared.argumentsOf(run.entry, run.values);
    this.device.gpu.queue.writeBuffer(this.#arguments, 0, words);
    return this.shared.recording(run.entry, run.symbols, this.memory, this.#groups);
  }

  /** Copies of tensors at their extents in a run. */
  async read(tensors: readonly Index[], values: ArrayLike<number>): Promise<Tensor[]> {
    const { places, weights, source } = this.shared;
    const bufferOf = (i: Index): GPUBuffer =>
      source.head.program.tensors[i].region === "constant"
        ? weights[places.chunks.place(i).chunk]
        : this.memory;
    const found = new Map<Index, Tensor>();
    await Promise.all([...new Set(tensors.map(bufferOf))].map(async (buffer) => {
      const own = tensors.filter((i) => bufferOf(i) === buffer);
      const ranges = own.map((i) => ({
        offset: places.tensor(i).offset,
        bytes: this.shared.bytesIn(i, values),
      }));
      const bytes = await readBack(this.device, buffer, ranges);
      own.forEach((i, n) => found.set(i, this.tensor(i, bytes[n], values)));
    }));
    return tensors.map((i) => found.get(i)!);
  }

  /** Bytes as the tensor that they are in a run. */
  tensor(i: Index, bytes: Uint8Array<ArrayBuffer>, values: ArrayLike<number>): Tensor {
    const { dtype, extents } = this.shared.source.head.program.tensors[i];
    this.canonicalize(i, bytes);
    return tensorOf(dtype, extents.map((extent) => values[extent]), viewAs(dtype, bytes));
  }

  /** Makes NaNs canonical. */
  canonicalize(tensor: Index, bytes: Uint8Array): void {
    const { region, dtype } = this.shared.source.head.program.tensors[tensor];
    if (dtype === "f32" && region !== "constant" && region !== "input") canonicalizeNaN(bytes);
  }

  /** The same program with a copy of the memory. */
  fork(): BoundProgram {
    const { gpu } = this.device;
    const { size, usage } = this.memory;
    const memory = gpu.createBuffer({ size, usage });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(this.memory, 0, memory, 0, size);
    gpu.queue.submit([encoder.finish()]);
    return new BoundProgram(this.shared, memory);
  }

  /** Gives the memory back. */
  release(): void {
    this.memory.destroy();
    this.#arguments.destroy();
    this.shared.removeUser();
  }
}
