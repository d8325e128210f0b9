/** `fewbit bench`. */
import type { Command } from "./_commander.ts";
import { ENGINES, load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { benchmark, symbolsForBatch } from "../inspect/bench.ts";
import { openProgram } from "../inspect/open.ts";
import { benchLines } from "../inspect/text_bench.ts";
import { readModel } from "./_model.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { choice, count, progressLine } from "./_run.ts";

/** What `fewbit bench` takes and does. */
export default function benchCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<model>", "model.fewbit: path or URL")
    .option(
      "--engine <names>",
      `Engines, with commas between: ${ENGINES.join(", ")}`,
      "wasm-simd,wasm-relaxed",
    )
    .option("--batch <n>", "Images (or sequences) in a run", "1")
    .option("--seconds <n>", "Seconds for each engine", "3")
    .option("--entry <name>", "Entry to run (default: the first)")
    .option("--json", "One JSON object")
    .addHelpText(
      "after",
      examples(
        "fewbit bench model.fewbit --seconds 1",
        "fewbit bench model.fewbit --engine wasm-simd --batch 8 --seconds 1 --json",
      ),
    )
    .action(async (model, options) => {
      const names = options.engine.split(",").map((name) => name.trim());
      const engines = [...new Set(names)].map((name) => choice("engine", name, ENGINES));
      const batch = count("batch", options.batch, 65_536);
      const seconds = Number(options.seconds);
      if (!(seconds > 0 && seconds <= 3600)) {
        throw new FewbitError(
          "invalid_argument",
          `Option --seconds is "${options.seconds}", expected a number up to 3600`,
        );
      }
      const bytes = await readModel(model, signal);
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
          ...(options.entry !== undefined && { entry: options.entry }),
          onProgress: (share) => progress.update(`${Math.round(100 * share)} %`),
        },
      ).finally(() => progress.end());
      const images = verified.program.metadata.task === "image-classification";
      if (options.json) printJson({ batch, results });
      else print(benchLines(results, images ? "images" : "items").join("\n"));
      const failed = results.flatMap((each) => "error" in each ? [each.engine] : []);
      if (failed.length > 0) {
        throw new FewbitError("unsupported", `Cannot time ${failed.join(", ")}`);
      }
      const hashes = new Set(results.map((each) => "error" in each ? "" : each.outputSha256));
      if (hashes.size > 1) throw new FewbitError("internal", "Engines give different outputs");
    });
}
