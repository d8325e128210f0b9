/** A program on a device that is there. */
import { FewbitError } from "../../errors.ts";
import type { Region } from "../../program/program.ts";
import type { WholeProgram } from "../whole_program.ts";
import { BoundProgram } from "./_bound_program.ts";
import { Chunks } from "./_chunks.ts";
import { openDevice } from "./_device.ts";
import type { Device } from "./_device.ts";
import { GpuProgram } from "./_gpu_program.ts";
import { compileInstructions } from "./_instructions.ts";
import { Pipelines } from "./_pipelines.ts";
import { Places } from "./_places.ts";
import { write } from "./_transfer.ts";
import type { GpuInstance, WebGpuLoadOptions } from "./gpu_instance.ts";
import { WebGpuInstance } from "./instance.ts";

/**
 * Loads a program on a device.
 *
 * @param chunkBytes Most bytes of constants in one buffer. Default: what the device binds.
 */
export async function loadOnDevice(
  device: Device,
  whole: WholeProgram,
  options: WebGpuLoadOptions,
  chunkBytes?: number,
): Promise<GpuInstance> {
  const { signal: _, device: __, ...again } = options;
  // A device of the caller's own is lost with it: the next one is given, or asked for.
  return new WebGpuInstance(
    await openOnDevice(device, whole, options, chunkBytes),
    async (given) => openOnDevice(await openDevice({ ...again, ...given }), whole, again),
  );
}

async function openOnDevice(
  device: Device,
  whole: WholeProgram,
  options: WebGpuLoadOptions,
  chunkBytes: number = device.bindingBytes,
): Promise<BoundProgram> {
  const { signal, memoryLimitBytes, precision = "deterministic", onCompiled = () => {} } = options;
  const chunks = new Chunks(whole.verified, chunkBytes);
  const places = new Places(whole.verified, chunks);
  const pipelines = Pipelines.of(device.gpu);
  const settings = { isFast: precision === "fast", onCompiled };
  const compiled = await compileInstructions(whole.verified, places, pipelines, settings);
  signal?.throwIfAborted();
  const weights: GPUBuffer[] = [];
  try {
    for (const { offset, bytes } of chunks.ranges) {
      const buffer = await bufferOf(device, "weights", bytes);
      weights.push(buffer);
      write(device, buffer, 0, new Uint8Array(whole.constants, offset, bytes));
    }
    const shared = new GpuProgram(device, whole, places, pipelines, compiled, weights);
    const total = shared.weightBytes + shared.memoryBytes;
    if (memoryLimitBytes !== undefined && total > memoryLimitBytes) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot load on this GPU: ${total} bytes, the limit is ${memoryLimitBytes}`,
      );
    }
    const memory = await bufferOf(device, "memory", shared.memoryBytes);
    for (const [region, bytes] of storedRegions(whole)) {
      write(device, memory, places.region(region).offset, new Uint8Array(bytes));
    }
    for (const { tensor, offset } of places.copies()) {
      const { offsets, bytes } = whole.verified.plan;
      const constant = new Uint8Array(whole.constants, offsets[tensor], bytes[tensor]);
      write(device, memory, offset, constant);
    }
    return new BoundProgram(shared, memory);
  } catch (error) {
    weights.forEach((buffer) => buffer.destroy());
    throw error;
  }
}

/** What is in memory at first, beside zeros. */
function storedRegions({ parameters, state }: WholeProgram): [Region, ArrayBuffer][] {
  return [["parameter", parameters], ["state", state]];
}

/**
 * A buffer that shaders see as a whole.
 *
 * @throws {FewbitError} `limit_exceeded`.
 */
async function bufferOf(device: Device, what: string, bytes: number): Promise<GPUBuffer> {
  const size = Math.max(256, Math.ceil(bytes / 4) * 4);
  if (size > device.bindingBytes) {
    throw new FewbitError(
      "limit_exceeded",
      `Cannot load on this GPU: ${what} of ${size} bytes, it binds at most ${device.bindingBytes}`,
    );
  }
  const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
  return await device.allocating(
    `${size} bytes of ${what}`,
    () => device.gpu.createBuffer({ size, usage: STORAGE | COPY_DST | COPY_SRC }),
    (buffer) => buffer.destroy(),
  );
}
