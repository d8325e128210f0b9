/**
 * The command line: `deno task fewbit <command>`.
 *
 * @module
 */
import { defineCommand, runMain } from "citty";
import { FewbitError } from "./src/errors.ts";

/** A command is loaded when it is used, so that a help text costs nothing. */
const main = defineCommand({
  meta: {
    name: "fewbit",
    version: "0.1.0",
    description: "Few-bit neural networks anywhere WebAssembly runs",
  },
  subCommands: {
    classify: () => import("./src/cli/classify.ts").then((module) => module.default),
    quantize: () => import("./src/cli/quantize.ts").then((module) => module.default),
    convert: () => import("./src/cli/convert.ts").then((module) => module.default),
    eval: () => import("./src/cli/eval.ts").then((module) => module.default),
    inspect: () => import("./src/cli/inspect.ts").then((module) => module.default),
    bench: () => import("./src/cli/bench.ts").then((module) => module.default),
  },
});

if (import.meta.main) {
  const controller = new AbortController();
  Deno.addSignalListener("SIGINT", () => controller.abort());
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  try {
    await runMain(main);
  } catch (error) {
    fail(error);
  }
}

/** One line for a failure that fewbit knows, a trace for a defect. */
function fail(error: unknown): never {
  if (error instanceof FewbitError) console.error(`fewbit: ${error.message}`);
  else console.error(error);
  Deno.exit(1);
}
