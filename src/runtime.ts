/**
 * The small entry: loads and runs compiled programs. No dependency, no compiler, no image decoder;
 * works in Deno, Node, Bun, browsers and workerd.
 *
 * @example
 * ```ts
 * import { load } from "@fewbit/fewbit/runtime";
 *
 * const instance = await load(await fetch("https://example.com/model.fewbit"));
 * const { logits } = await instance.run({ pixels: new Uint8Array(28 * 28) });
 * console.log(logits.shape);
 * ```
 *
 * @module
 */
import { FewbitError } from "./errors.ts";
import type { LoadOptions, SyncInstance } from "./engines/engine.ts";
import { loadWasm } from "./engines/wasm/load.ts";
import type { ProgramSource } from "./engines/wasm/load.ts";
import type { Build } from "./engines/wasm/module.ts";

/** Options of {@linkcode load}. */
export interface RuntimeLoadOptions extends LoadOptions {
  /**
   * `auto` (default) is relaxed SIMD where the host computes right with it, else plain SIMD; the
   * integers are the same. A {@linkcode Build} is one made by {@linkcode fromModule}.
   */
  readonly engine?: "auto" | "wasm-simd" | "wasm-relaxed" | Build;
}

/**
 * Loads a compiled program.
 *
 * @param source The bytes of a `model.fewbit` file, a `Response`, `Blob` or stream of them, or its
 * parts in order. A stream goes into place as it comes.
 * @returns An instance; dispose of it to give its memory back.
 * @throws {FewbitError} Where the file is damaged, not safe to run, or larger than the limits.
 */
export function load(
  source: ProgramSource,
  options: RuntimeLoadOptions = {},
): Promise<SyncInstance> {
  const { engine = "auto" } = options;
  return loadWasm(source, { ...options, build: buildOf(engine) });
}

function buildOf(
  engine: NonNullable<RuntimeLoadOptions["engine"]>,
): "auto" | "simd" | "relaxed" | Build {
  switch (engine) {
    case "auto":
      return "auto";
    case "wasm-simd":
      return "simd";
    case "wasm-relaxed":
      return "relaxed";
    default:
      if (typeof engine === "object") return engine;
      throw new FewbitError("invalid_argument", `No engine "${engine}" in the runtime`);
  }
}

export { decodeHead, decodeHeader } from "./program/decode.ts";
export type { DecodedHead, Segment } from "./program/decode.ts";
export { expectTensor } from "./engines/expect_tensor.ts";
export { FewbitError } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { ProgramError, VERDICTS } from "./program/verdict.ts";
export type { Verdict } from "./program/verdict.ts";
export { fromModule } from "./engines/wasm/module.ts";
export type { Build } from "./engines/wasm/module.ts";
export { readParts } from "./engines/parts.ts";
export type { FilePart, PartsIndex, ReadPartsOptions } from "./engines/parts.ts";
export type { ProgramPart, ProgramSource } from "./engines/wasm/load.ts";
export type {
  DotForm,
  Execution,
  Inputs,
  Instance,
  LoadOptions,
  Outputs,
  RunOptions,
  StateSnapshot,
  SyncInstance,
  SyncRunOptions,
} from "./engines/engine.ts";
export { DTYPES } from "./tensor.ts";
export type { DType, DTypeData, Tensor, TensorData } from "./tensor.ts";
export { CHECKS } from "./instructions/codes.ts";
export { LAYOUTS } from "./layouts/mod.ts";
export type { Check } from "./instructions/codes.ts";
export type { Layout } from "./layouts/mod.ts";
export type * from "./program/program.ts";
