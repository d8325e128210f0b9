/** `fewbit classify`. */
import { defineCommand } from "./_command.ts";
import { ENGINES } from "../engines/load.ts";
import { ImageClassifier } from "../pipelines/image_classifier.ts";
import { print } from "./_print.ts";
import { choice, count, sha256 } from "./_run.ts";

export default defineCommand({
  description: "Classify PNG and JPEG images",
  arguments: {
    images: { type: "positional", description: "Image files", required: true, multiple: true },
    model: {
      type: "string",
      description: "model.fewbit: path or URL (default: Fashion-MNIST ViT)",
    },
    engine: { type: "string", default: "auto", description: ENGINES.join(", ") },
    top: { type: "string", default: "5", description: "Labels to show" },
    json: { type: "boolean", description: "One JSON object for each image" },
  },
  run: async (args, signal) => {
    const engine = choice("engine", args.engine, ENGINES);
    const topK = count("top", args.top);
    using model = await ImageClassifier.fromPretrained(args.model, { engine, signal });
    for (const path of args.images) {
      const start = performance.now();
      const { top, logits } = await model.classify(path, { topK, signal });
      const milliseconds = performance.now() - start;
      const hash = await sha256(logits);
      if (args.json) {
        const result = { image: path, top, milliseconds, engine: model.engine };
        print(JSON.stringify({ ...result, logits_f32_sha256: hash }));
        continue;
      }
      print(`${path}  ${milliseconds.toFixed(1)} ms  ${model.engine}  logits ${hash}`);
      for (const { label, score } of top) {
        const bar = "█".repeat(Math.round(score * 30));
        print(`  ${(100 * score).toFixed(1).padStart(5)} %  ${label.padEnd(20)} ${bar}`);
      }
    }
  },
});
