/** The relaxed build with the kernels of every form of the dot product: those of the test build, and the host's own. */
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { DOT_FORMS, plainDotBuild } from "../wasm/plain_dot.ts";
import type { EngineUnderTest } from "./_engines.ts";

const build = await plainDotBuild();

/** Engines that differ in the form alone. */
export const DOT_ENGINES: readonly EngineUnderTest[] = [
  ...DOT_FORMS.map((dot): EngineUnderTest => ({
    name: `dot in plain SIMD, ${dot}`,
    load: (file, options) => loadWasm(file, { ...options, build, dot }),
    relaxed: true,
  })),
  {
    name: "wasm-relaxed, seven",
    load: (file, options) => loadWasm(file, { ...options, build: "relaxed", dot: "seven" }),
    relaxed: true,
  },
];
