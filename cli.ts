/**
 * The command line: `deno task fewbit <command>`.
 *
 * @module
 */
import { defineCommand, runMain } from "citty";

/** A command is loaded when it is used, so that a help text costs nothing. */
const main = defineCommand({
  meta: {
    name: "fewbit",
    version: "0.1.0",
    description: "Few-bit neural networks anywhere WebAssembly runs",
  },
  subCommands: {
    classify: () => import("./src/cli/classify.ts").then((module) => module.default),
    generate: () => import("./src/cli/generate.ts").then((module) => module.default),
    embed: () => import("./src/cli/embed.ts").then((module) => module.default),
    search: () => import("./src/cli/search.ts").then((module) => module.default),
    quantize: () => import("./src/cli/quantize.ts").then((module) => module.default),
    convert: () => import("./src/cli/convert.ts").then((module) => module.default),
    eval: () => import("./src/cli/eval.ts").then((module) => module.default),
    inspect: () => import("./src/cli/inspect.ts").then((module) => module.default),
    bench: () => import("./src/cli/bench.ts").then((module) => module.default),
  },
});

if (import.meta.main) await runMain(main);
