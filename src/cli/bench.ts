/** `fewbit bench`. */
import { defineCommand } from "./_command.ts";
import { ENGINES, load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { benchmark, symbolsForBatch } from "../inspect/bench.ts";
import { snakeKeys } from "../inspect/json.ts";
import { openProgram } from "../inspect/open.ts";
import { benchLines } from "../inspect/text_bench.ts";
import { readModel } from "./_model.ts";
import { print } from "./_print.ts";
import { choice, count, progressLine } from "./_run.ts";

export default defineCommand({
  description: "Time a model on several engines, in turns",
  arguments: {
    model: { type: "positional", description: "model.fewbit: path or URL", required: true },
    engine: {
      type: "string",
      default: "wasm-simd,wasm-relaxed",
      description: `Engines, with commas between: ${ENGINES.join(", ")}`,
    },
    batch: { type: "string", default: "1", description: "Images (or sequences) in a run" },
    seconds: { type: "string", default: "3", description: "Seconds for each engine" },
    entry: { type: "string", description: "Entry to run (default: the first)" },
    json: { type: "boolean", description: "Print JSON" },
  },
  run: async (args, signal) => {
    const names = args.engine.split(",").map((name) => name.trim());
    const engines = [...new Set(names)].map((name) => choice("engine", name, ENGINES));
    const batch = count("batch", args.batch, 65_536);
    const seconds = Number(args.seconds);
    if (!(seconds > 0 && seconds <= 3600)) {
      throw new FewbitError(
        "invalid_argument",
        `Option --seconds is "${args.seconds}", expected a number up to 3600`,
      );
    }
    const bytes = await readModel(args.model, signal);
    const symbols = symbolsForBatch(openProgram(bytes).head.program, batch);
    const { verified } = openProgram(bytes, { symbols });
    const progress = progressLine();
    const results = await benchmark(
      verified,
      engines,
      (name) => load(bytes, { engine: choice("engine", name, ENGINES), symbols, signal }),
      {
        batch,
        seconds,
        signal,
        ...(args.entry !== undefined && { entry: args.entry }),
        onProgress: (share) => progress.update(`${Math.round(100 * share)} %`),
      },
    ).finally(() => progress.end());
    const images = verified.program.metadata.task === "image-classification";
    if (args.json) print(JSON.stringify(snakeKeys({ batch, results })));
    else print(benchLines(results, images ? "images" : "items").join("\n"));
    const hashes = new Set(results.map((each) => "error" in each ? "" : each.outputSha256));
    return results.every((each) => "error" in each) || hashes.size > 1 ? 1 : 0;
  },
});
