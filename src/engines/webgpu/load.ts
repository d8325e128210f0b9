/** Loading a program on a GPU. */
import type { ProgramSource } from "../wasm/source.ts";
import { wholeFile } from "../whole_file.ts";
import { wholeProgram } from "../whole_program.ts";
import { openDevice } from "./_device.ts";
import { loadOnDevice } from "./_load_on_device.ts";
import type { GpuInstance, WebGpuLoadOptions } from "./gpu_instance.ts";
import { DISPATCHES } from "./shaders/mod.ts";

/** Names of the instructions that there are shaders of. */
const HELD: ReadonlySet<string> = new Set(Object.keys(DISPATCHES));

/**
 * Loads a program on a GPU: the same bits as on all other engines, floating-point numbers too. All shaders are compiled
 * before it returns.
 *
 * @param source A `model.fewbit` file (its bytes, a stream, a response, a blob, or its parts in order).
 * @returns An instance; dispose of it to give its memory back.
 * @throws {FewbitError} `unsupported` where the host has no GPU that can be used, or the program an instruction without a
 * shader; `limit_exceeded` where the GPU has too little memory; as on other engines for files that are damaged.
 */
export async function loadWebGpu(
  source: ProgramSource,
  options: WebGpuLoadOptions = {},
): Promise<GpuInstance> {
  const { signal } = options;
  const file = await wholeFile(source, signal);
  const whole = wholeProgram(file, options, HELD);
  const device = await openDevice(options);
  signal?.throwIfAborted();
  return await loadOnDevice(device, whole, options);
}
