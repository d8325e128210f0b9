/** Compiled shaders of a device, by their text, so that a second load compiles nothing. */
import { FewbitError } from "../../errors.ts";
import { ARGUMENT_WORDS } from "./wgsl/header.ts";

/** Bytes of the arguments of an instruction. */
export const ARGUMENT_BYTES: number = 4 * ARGUMENT_WORDS;

const caches = new WeakMap<GPUDevice, Pipelines>();

/** The pipelines of a device. */
export class Pipelines {
  /** Of all shaders: weights, memory, arguments. */
  readonly layout: GPUBindGroupLayout;
  readonly #device: GPUDevice;
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #made = new Map<string, Promise<GPUComputePipeline>>();

  private constructor(device: GPUDevice) {
    this.#device = device;
    const entry = (binding: number, buffer: GPUBufferBindingLayout) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer,
    });
    this.layout = device.createBindGroupLayout({
      entries: [
        entry(0, { type: "read-only-storage" }),
        entry(1, { type: "storage" }),
        entry(2, { type: "uniform", hasDynamicOffset: true, minBindingSize: ARGUMENT_BYTES }),
      ],
    });
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
  }

  /** The pipelines of a device, the same for all who ask. */
  static of(device: GPUDevice): Pipelines {
    let pipelines = caches.get(device);
    if (pipelines === undefined) caches.set(device, pipelines = new Pipelines(device));
    return pipelines;
  }

  /**
   * A shader that is compiled.
   *
   * @param instruction Whose it is, for a message.
   * @throws {FewbitError} `internal` where the host refuses it.
   */
  get(code: string, instruction: string): Promise<GPUComputePipeline> {
    let pipeline = this.#made.get(code);
    if (pipeline === undefined) this.#made.set(code, pipeline = this.#compile(code, instruction));
    return pipeline;
  }

  async #compile(code: string, instruction: string): Promise<GPUComputePipeline> {
    const shader = this.#device.createShaderModule({ code, label: instruction });
    try {
      return await this.#device.createComputePipelineAsync({
        label: instruction,
        layout: this.#pipelineLayout,
        compute: { module: shader, entryPoint: "main" },
      });
    } catch (cause) {
      this.#made.delete(code);
      const { messages } = await shader.getCompilationInfo();
      const [first] = messages;
      const where = first === undefined ? String(cause) : `line ${first.lineNum}: ${first.message}`;
      throw new FewbitError("internal", `Cannot compile the shader of ${instruction}, ${where}`, {
        cause,
      });
    }
  }
}
