/** Bytes from the GPU and to it. */
import type { Device } from "./_device.ts";
import { padded } from "./_gpu_program.ts";
import type { ByteRange } from "./_places.ts";

/** Copies of some ranges of a buffer, as they are behind all that was submitted so far. */
export async function readBack(
  device: Device,
  buffer: GPUBuffer,
  ranges: readonly ByteRange[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  device.assertUsable();
  const { gpu } = device;
  const size = ranges.reduce((sum, { bytes }) => sum + padded(bytes), 0);
  if (size === 0) return ranges.map(() => new Uint8Array(0));
  const staging = gpu.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  try {
    const encoder = gpu.createCommandEncoder();
    let at = 0;
    for (const { offset, bytes } of ranges) {
      if (bytes > 0) encoder.copyBufferToBuffer(buffer, offset, staging, at, padded(bytes));
      at += padded(bytes);
    }
    gpu.queue.submit([encoder.finish()]);
    await device.until(staging.mapAsync(GPUMapMode.READ));
    const all = new Uint8Array(staging.getMappedRange());
    at = 0;
    return ranges.map(({ bytes }) => {
      const own = all.slice(at, at + bytes);
      at += padded(bytes);
      return own;
    });
  } finally {
    staging.destroy();
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
