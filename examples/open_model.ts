/** A language model in a page, on the engine that the visitor chose; what runs on a GPU is a module of its own. */
/// <reference lib="dom" />
import { sha256 } from "../src/files/sha256.ts";
import { GenerationModel, loadGenerator } from "../src/generator.ts";
import type { LoadGeneratorOptions } from "../src/generator.ts";
import { sessionSymbols } from "../src/pipelines/text/session_limits.ts";
import type { ProgramSource } from "../src/runtime.ts";

/** Engines of a page. */
export type PageEngine = "wasm" | "webgpu";

/** A model, and what a visitor may want to know of the engine. */
export interface OpenedModel {
  readonly lm: GenerationModel;
  /** `wasm-relaxed`, or the name of the adapter. */
  readonly engine: string;
  /** Of shaders; absent where there are none. */
  readonly compileMs?: number;
}

/** Options of {@linkcode openModel}. */
export interface OpenOptions extends LoadGeneratorOptions {
  /** Called with the shaders compiled so far and in all. */
  readonly onCompiled?: (done: number, total: number) => void;
}

/** Opens a model. */
export async function openModel(
  engine: PageEngine,
  source: ProgramSource,
  { onCompiled = () => {}, ...options }: OpenOptions = {},
): Promise<OpenedModel> {
  if (engine === "wasm") {
    const lm = await loadGenerator(source, options);
    return { lm, engine: lm.engine };
  }
  // Nobody else pays for the shaders.
  const path = new URL("gpu.js", location.href).href;
  const { load } = await import(path) as typeof import("../src/webgpu.ts");
  const { engine: _, ...rest } = options;
  let start: number | undefined;
  let compileMs = 0;
  const instance = await load(source, {
    ...rest,
    symbols: { ...sessionSymbols(options), ...options.symbols },
    onCompiled: (done, total) => {
      start ??= performance.now();
      compileMs = performance.now() - start;
      onCompiled(done, total);
    },
  });
  const { vendor, architecture, description } = instance.adapterInfo ?? {};
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "a GPU";
  return { lm: new GenerationModel(instance), engine: name, compileMs };
}

/** SHA-256 of a text, its first 16 digits: texts that are alike have the same. */
export async function textHash(text: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(text))).slice(0, 16);
}
