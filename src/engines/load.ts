/** Loading a program on the engine that a caller names. */
import { FewbitError } from "../errors.ts";
import { decodeHeader } from "../program/decode.ts";
import { encodeProgram } from "../program/encode.ts";
import { HEADER_BYTES } from "../program/format.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { LoadOptions, SyncInstance } from "./engine.ts";
import { loadReference } from "./reference/mod.ts";
import { SourceReader } from "./wasm/source.ts";
import { loadWasm } from "./wasm/mod.ts";
import type { ProgramSource } from "./wasm/mod.ts";

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
      return await loadReference(await bytesOf(file, rest.signal), rest);
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

/** The whole file and no more than one byte behind it: this engine does not stream. */
async function bytesOf(
  source: ProgramSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const reader = new SourceReader(source, signal, () => {});
  try {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const all = async (): Promise<Uint8Array> =>
      new Uint8Array(await new Blob(chunks).arrayBuffer());
    for (let most = HEADER_BYTES; reader.loaded < most;) {
      const chunk = await reader.read(most - reader.loaded);
      if (chunk.length === 0) break;
      chunks.push(new Uint8Array(chunk));
      if (reader.loaded !== HEADER_BYTES) continue;
      const { headBytes, blobBytes } = decodeHeader(await all());
      most = headBytes + blobBytes + 1;
    }
    return await all();
  } finally {
    reader.close();
  }
}
