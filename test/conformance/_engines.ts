/** The engines under test. */
import type { Instance } from "../../src/engines/engine.ts";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";

/** An engine and how it loads a file. */
export interface EngineUnderTest {
  readonly name: string;
  load(file: Uint8Array<ArrayBuffer>): Promise<Instance>;
  /** `fast` precision may differ from `deterministic`. */
  readonly relaxed?: boolean;
}

/** The first is the one that defines the results. */
export const ENGINES: readonly EngineUnderTest[] = [
  { name: "reference", load: (file) => loadReference(file) },
  { name: "wasm-simd", load: (file) => loadWasm(file, { build: "simd" }) },
  {
    name: "wasm-relaxed",
    load: (file) => loadWasm(file, { build: "relaxed" }),
    relaxed: true,
  },
];
