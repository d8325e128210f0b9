/** `fewbit classify`. */
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import { openClassifier } from "./_classifier.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { sha256 } from "../files/sha256.ts";
import { choice, count } from "./_run.ts";

/** What `fewbit classify` takes and does. */
export default function classifyCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<images...>", "Image files")
    .option(
      "--model <model>",
      "model.fewbit, or what fewbit train wrote: path or URL (default: Fashion-MNIST ViT)",
    )
    .option("--adapters <file>", "What fewbit finetune --adapters wrote, beside its checkpoint")
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .option("--top <n>", "Labels to show", "5")
    .option("--json", "One JSON object in a line for each image")
    .addHelpText(
      "after",
      examples(
        "fewbit classify boot.png",
        "fewbit classify boot.png dress.png --model model.fewbit --top 1 --json",
        "fewbit classify boot.png --model clothes.safetensors",
      ),
    )
    .action(async (images, options) => {
      const engine = choice("engine", options.engine, ENGINES);
      const topK = count("top", options.top);
      using model = await openClassifier(options.model, {
        engine,
        adapters: options.adapters,
        signal,
      });
      for (const path of images) {
        const start = performance.now();
        const { top, logits } = await model.classify(path, { topK, signal });
        const milliseconds = performance.now() - start;
        const hash = await sha256(logits);
        if (options.json) {
          const result = { image: path, top, milliseconds, engine: model.engine };
          printJson({ ...result, logits_f32_sha256: hash });
          continue;
        }
        print(`${path}  ${milliseconds.toFixed(1)} ms  ${model.engine}  logits ${hash}`);
        for (const { label, score } of top) {
          const bar = "█".repeat(Math.round(score * 30));
          print(
            `  ${(100 * score).toFixed(1).padStart(5)} %  ${label.padEnd(20)} ${bar}`.trimEnd(),
          );
        }
      }
    });
}
