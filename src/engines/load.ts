/** Loading a program on the engine that a caller names. */
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { LoadOptions, SyncInstance } from "./engine.ts";
import { loadReference } from "./reference/mod.ts";
import { SourceReader } from "./wasm/source.ts";
import { loadWasm } from "./wasm/mod.ts";
import type { ProgramSource } from "./wasm/mod.ts";
import { wholeFile } from "./whole_file.ts";

/** Engines by name, `auto` for the fastest that this host computes right. */
export const ENGINES = ["auto", "wasm", "wasm-simd", "wasm-relaxed", "reference"] as const;

/** Name of an engine. */
export type EngineName = typeof ENGINES[number];

/** Options of {@linkcode load}. */
export interface EngineOptions extends LoadOptions {
  /** Default `auto`. */
  readonly engine?: EngineName;
}

/**
 * Loads a program.
 *
 * @param source A `model.fewbit` file (its bytes, a stream, a response, a blob, or its parts in
 * order), or what {@linkcode compile} returned.
 * @throws {FewbitError} Where the file is damaged, not safe to run, or larger than the limits; nothing
 * is left behind.
 */
export async function load(
  source: ProgramSource | CompiledProgram,
  options: EngineOptions = {},
): Promise<SyncInstance> {
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
    case "reference":
      if (rest.dot !== undefined) {
        throw new FewbitError("unsupported", `Cannot load with dot "${rest.dot}" on the reference`);
      }
      return await loadReference(await wholeFile(file, rest.signal), rest);
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
