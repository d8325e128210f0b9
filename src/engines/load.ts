/** Loading a program on the engine that a caller names. */
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { Instance, LoadOptions, SyncInstance } from "./engine.ts";
import { SourceReader } from "./wasm/source.ts";
import { loadWasm } from "./wasm/mod.ts";
import type { ProgramSource } from "./wasm/mod.ts";
import { wholeFile } from "./whole_file.ts";

/** Engines whose memory is at hand, `auto` for the fastest that this host computes right. */
export const SYNC_ENGINES = ["auto", "wasm", "wasm-simd", "wasm-relaxed", "reference"] as const;

/** Engines by name; `webgpu` only where it is asked for. */
export const ENGINES = [
  "auto",
  "wasm",
  "wasm-simd",
  "wasm-relaxed",
  "reference",
  "webgpu",
] as const;

/** Name of an engine. */
export type EngineName = typeof ENGINES[number];

/** Name of an engine whose memory is at hand. */
export type SyncEngineName = typeof SYNC_ENGINES[number];

/** Options of {@linkcode load}. */
export interface EngineOptions extends LoadOptions {
  /** Default `auto`. */
  readonly engine?: EngineName;
}

/** Options of {@linkcode load} for an engine whose memory is at hand. */
export interface SyncEngineOptions extends EngineOptions {
  /** Default `auto`. */
  readonly engine?: SyncEngineName;
}

/**
 * Loads a program on an engine whose memory is at hand.
 *
 * @param source A `model.fewbit` file (its bytes, a stream, a response, a blob, or its parts in
 * order), or what {@linkcode compile} returned.
 * @throws {FewbitError} Where the file is damaged, not safe to run, or larger than the limits; nothing
 * is left behind.
 */
export function load(
  source: ProgramSource | CompiledProgram,
  options?: SyncEngineOptions,
): Promise<SyncInstance>;
/**
 * Loads a program on any engine. With `webgpu` the bits are the same; the module `./webgpu` has its options.
 *
 * @throws {FewbitError} Also `unsupported` where the host has no GPU that can be used.
 */
export function load(
  source: ProgramSource | CompiledProgram,
  options?: EngineOptions,
): Promise<Instance>;
export async function load(
  source: ProgramSource | CompiledProgram,
  options: EngineOptions = {},
): Promise<Instance> {
  const { engine = "auto", ...rest } = options;
  const file = isProgram(source) ? await encodeProgram(source, options) : source;
  switch (engine) {
    case "auto":
    case "wasm":
      return await loadWasm(file, rest);
    case "wasm-simd":
      return await loadWasm(file, { ...rest, build: "simd" });
    case "wasm-relaxed":
      return await loadWasm(file, { ...rest, build: "relaxed" });
    case "reference": {
      refuseDot(rest, "reference");
      // Nobody else pays for definitions, and below for shaders.
      const { loadReference } = await import("./reference/mod.ts");
      return await loadReference(await wholeFile(file, rest.signal), rest);
    }
    case "webgpu": {
      refuseDot(rest, "GPU");
      const { loadWebGpu } = await import("./webgpu/load.ts");
      return await loadWebGpu(file, rest);
    }
    default:
      new SourceReader(file, undefined, () => {}).close();
      throw new FewbitError(
        "invalid_argument",
        `Unknown engine "${engine}", expected ${ENGINES.join(", ")}`,
      );
  }
}

function isProgram(source: ProgramSource | CompiledProgram): source is CompiledProgram {
  return typeof source === "object" && source !== null && "instructions" in source;
}

function refuseDot({ dot }: LoadOptions, engine: string): void {
  if (dot === undefined) return;
  throw new FewbitError("unsupported", `Cannot load with dot "${dot}" on the ${engine}`);
}
