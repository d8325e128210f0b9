/**
 * The wasm engine: a program in WebAssembly, as hosts without JavaScript run it too.
 *
 * @module
 */
export { loadWasm } from "./load.ts";
export type { ProgramPart, ProgramSource, WasmLoadOptions } from "./load.ts";
export { fromModule, pickBuild } from "./module.ts";
export type { Build, BuildName } from "./module.ts";
export { WasmInstance } from "./instance.ts";
