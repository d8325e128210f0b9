/** The test build, whose dot product is plain SIMD of any form: every machine runs the kernels of all. */
import { fromModule } from "../../src/engines/wasm/module.ts";
import type { Build } from "../../src/engines/wasm/module.ts";
import { compileModule } from "../../tools/asc.ts";

/** Forms in the order of their numbers in `wasm/fewbit.h`, which begin with 1. */
export const DOT_FORMS = ["seven", "signed", "unsigned"] as const;

const ENTRY = `
export * from "./asm/index";
import { become } from "./asm/kernels/dot";
export function set_dot(form: i32): void {
  become(form);
}
`;

/** Compiles it. `set_dot` among its exports makes the dot product another form, or a wrong one. */
export async function compilePlainDot(): Promise<WebAssembly.Module> {
  const wasm = await compileModule("relaxed", {
    entries: ["plain_dot.ts"],
    sources: new Map([["plain_dot.ts", ENTRY]]),
    plainDot: true,
  });
  return new WebAssembly.Module(wasm);
}

/** It as a build to load programs with, which has passed its self-test. */
export async function plainDotBuild(): Promise<Build> {
  return fromModule(await compilePlainDot());
}
