/**
 * Buffers that bytes of a GPU come back in. They go round: a run is small beside making a buffer for it and letting the
 * host's collector find it.
 */

/** Most buffers that wait to be used again, and bytes of each: more is not read every few milliseconds. */
const MOST = 8;
const MOST_BYTES = 2 ** 22;
const LEAST_BYTES = 2 ** 12;

/** The staging buffers of a device. */
export class StagingRing {
  readonly #gpu: GPUDevice;
  /** Those that are free, the one longest so first. */
  readonly #free: GPUBuffer[] = [];

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** A buffer of so many bytes or more, which is not mapped. */
  take(bytes: number): GPUBuffer {
    const size = Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    const at = this.#free.findIndex((buffer) => buffer.size === size);
    if (at >= 0) return this.#free.splice(at, 1)[0];
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.#gpu.createBuffer({ size, usage });
  }

  /** Takes one back that is not mapped, and is not about to be. */
  give(buffer: GPUBuffer): void {
    if (buffer.size > MOST_BYTES) return buffer.destroy();
    this.#free.push(buffer);
    if (this.#free.length > MOST) this.#free.shift()!.destroy();
  }
}
