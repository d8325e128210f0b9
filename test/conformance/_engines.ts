/** The engines under test. */
import type { LoadOptions, SyncInstance } from "../../src/engines/engine.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";

/** An engine and how it loads a file. */
export interface EngineUnderTest {
  readonly name: string;
  load(file: Uint8Array<ArrayBuffer>, options?: LoadOptions): Promise<SyncInstance>;
  /** `fast` precision may differ from `deterministic`. */
  readonly relaxed?: boolean;
}

/** The first is the one that defines the results. */
export const ENGINES: readonly EngineUnderTest[] = [
  { name: "reference", load: (file, options) => loadReference(file, options) },
  { name: "wasm-simd", load: (file, options) => loadWasm(file, { ...options, build: "simd" }) },
  {
    name: "wasm-relaxed",
    load: (file, options) => loadWasm(file, { ...options, build: "relaxed" }),
    relaxed: true,
  },
];
