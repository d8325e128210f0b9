/** Bytes from the GPU and to it. */
import type { Device } from "./_device.ts";
import { padded } from "./_gpu_program.ts";
import type { ByteRange } from "./_places.ts";

/** Some ranges on their way back. */
export class ReadBack<R extends ByteRange> {
  readonly #device: Device;
  readonly #ranges: readonly R[];
  readonly #staging: GPUBuffer | undefined;
  readonly #bytes: number;
  /** Whether something is waited for that may yet come. */
  #isPending = false;

  constructor(device: Device, ranges: readonly R[]) {
    this.#device = device;
    this.#ranges = ranges.filter(({ bytes }) => bytes > 0);
    this.#bytes = this.#ranges.reduce((sum, { bytes }) => sum + padded(bytes), 0);
    this.#staging = this.#bytes === 0 ? undefined : device.staging.take(this.#bytes);
  }

  /** Copies some of them, as they are behind what the encoder has so far. */
  copy(encoder: GPUCommandEncoder, buffer: GPUBuffer, isCopied: (range: R) => boolean): void {
    let at = 0;
    for (const range of this.#ranges) {
      const size = padded(range.bytes);
      if (isCopied(range)) {
        encoder.copyBufferToBuffer(buffer, range.offset, this.#staging!, at, size);
      }
      at += size;
    }
  }

  /** Waits for what was submitted. */
  async read(): Promise<{ readonly range: R; readonly bytes: Uint8Array<ArrayBuffer> }[]> {
    if (this.#staging === undefined) return [];
    this.#isPending = true;
    await this.#device.until(this.#staging.mapAsync(GPUMapMode.READ, 0, this.#bytes));
    const all = new Uint8Array(this.#staging.getMappedRange(0, this.#bytes));
    let at = 0;
    const parts = this.#ranges.map((range) => {
      const bytes = all.slice(at, at + range.bytes);
      at += padded(range.bytes);
      return { range, bytes };
    });
    this.#staging.unmap();
    this.#isPending = false;
    return parts;
  }

  /** Gives back what it came in. */
  release(): void {
    if (this.#staging === undefined) return;
    if (this.#isPending) this.#staging.destroy();
    else this.#device.staging.give(this.#staging);
  }
}

/** Copies of some ranges of a buffer, as they are behind all that was submitted so far. */
export async function readBack(
  device: Device,
  buffer: GPUBuffer,
  ranges: readonly ByteRange[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  device.assertUsable();
  const staged = new ReadBack(device, ranges);
  try {
    const encoder = device.gpu.createCommandEncoder();
    staged.copy(encoder, buffer, () => true);
    device.gpu.queue.submit([encoder.finish()]);
    const found = new Map((await staged.read()).map(({ range, bytes }) => [range, bytes]));
    return ranges.map((range) => found.get(range) ?? new Uint8Array(0));
  } finally {
    staged.release();
  }
}

/** Writes bytes that begin at a whole word; those behind them in the last word become 0. */
export function write(
  { gpu }: Device,
  buffer: GPUBuffer,
  offset: number,
  bytes: Uint8Array,
): void {
  if (bytes.length === 0) return;
  const whole = new Uint8Array(padded(bytes.length));
  whole.set(bytes);
  gpu.queue.writeBuffer(buffer, offset, whole);
}
