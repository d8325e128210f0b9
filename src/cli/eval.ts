/** `fewbit eval`. */
import { defineCommand } from "./_command.ts";
import { ENGINES } from "../engines/load.ts";
import type { EngineName } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import { readCheckpointFolder } from "../pipelines/checkpoint_folder.ts";
import { ImageClassifier } from "../pipelines/image_classifier.ts";
import { compileFloatVision } from "../pipelines/vision_compile.ts";
import { openImages, openLabels } from "./_images.ts";
import type { ImageList } from "./_images.ts";
import { printPerplexity } from "./_perplexity.ts";
import { print } from "./_print.ts";
import { choice, count, fraction, progressLine, sha256 } from "./_run.ts";

export default defineCommand({
  description: "Accuracy of a classifier beside the float model's, or perplexity of a text",
  arguments: {
    model: { type: "positional", description: "model.fewbit", required: true },
    images: { type: "string", description: "IDX file or folder" },
    labels: { type: "string", description: "IDX file (default: the folder's subfolders)" },
    float: { type: "string", description: "Folder of the float model, for comparison" },
    engine: { type: "string", default: "auto", description: ENGINES.join(", ") },
    batch: { type: "string", default: "32", description: "Images computed at once" },
    perplexity: { type: "string", description: "Text file to predict, with a language model" },
    window: { type: "string", default: "256", description: "Tokens of a window (perplexity)" },
    state: { type: "string", default: "zero", description: "zero or carry, between windows" },
    bos: { type: "boolean", description: "BOS before each window that begins a text" },
    skip: { type: "string", default: "0", description: "Part of the text to leave out: 0.9" },
    limit: { type: "string", description: "Images to use at most" },
    json: { type: "boolean", description: "Print JSON" },
  },
  run: async (args, signal) => {
    const engine = choice("engine", args.engine, ENGINES);
    if (args.perplexity !== undefined) {
      return await printPerplexity({
        model: args.model,
        file: args.perplexity,
        engine,
        window: count("window", args.window),
        state: choice("state", args.state, ["zero", "carry"]),
        bos: args.bos ?? false,
        skip: fraction("skip", args.skip),
        json: args.json ?? false,
        signal,
      });
    }
    if (args.images === undefined) {
      throw new FewbitError("invalid_argument", "Cannot evaluate: give --images or --perplexity");
    }
    const batchSize = count("batch", args.batch, 4096);
    const limit = args.limit === undefined ? Infinity : count("limit", args.limit);
    const images = await openImages(args.images, limit);
    const labels = args.labels === undefined ? images.labels : await openLabels(args.labels);
    if (labels === undefined) {
      throw new FewbitError("invalid_argument", "Cannot evaluate: give --labels");
    }
    const [unlabelled] = args.labels === undefined ? images.unlabelled : [];
    if (unlabelled !== undefined) {
      throw new FewbitError(
        "invalid_argument",
        `Cannot evaluate: ${unlabelled} lies in no class's folder; move it, or give --labels`,
      );
    }
    if (labels.length < images.count) {
      throw new FewbitError(
        "shape_mismatch",
        `Cannot evaluate: ${images.count} images, ${labels.length} labels`,
      );
    }
    const options = { engine, batchSize, signal };
    const results: Record<string, EvalResult> = {};
    {
      using model = await ImageClassifier.fromPretrained(args.model, options);
      results.model = await evaluate(model, images, labels, batchSize, signal);
    }
    if (args.float !== undefined) {
      const bytes = await encodeProgram(
        compileFloatVision(await readCheckpointFolder(args.float)),
      );
      using model = await ImageClassifier.fromPretrained(bytes, options);
      results.float = await evaluate(model, images, labels, batchSize, signal);
    }
    if (args.json) return print(JSON.stringify({ images: images.count, ...results }));
    for (const [name, result] of Object.entries(results)) {
      print(
        `${name.padEnd(6)} top-1 ${(100 * result.top1).toFixed(2)} %  ` +
          `(${result.correct} of ${images.count})  ${
            result.milliseconds_per_image.toFixed(2)
          } ms an image  ` +
          `${result.engine}  predictions ${result.predictions_sha256_u8}`,
      );
    }
  },
});

interface EvalResult {
  readonly engine: EngineName | string;
  readonly top1: number;
  readonly correct: number;
  readonly milliseconds_per_image: number;
  /** SHA-256 of the predicted classes, one byte each (modulo 256). */
  readonly predictions_sha256_u8: string;
}

async function evaluate(
  model: ImageClassifier,
  images: ImageList,
  labels: ArrayLike<number>,
  batchSize: number,
  signal: AbortSignal,
): Promise<EvalResult> {
  const progress = progressLine();
  const predictions = new Uint8Array(images.count);
  let [done, correct, milliseconds] = [0, 0, 0];
  let batch: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    const start = performance.now();
    const rows = await model.logits(batch, { signal });
    milliseconds += performance.now() - start;
    for (const row of rows) {
      const best = row.reduce((most, logit, i) => logit > row[most] ? i : most, 0);
      if (best === labels[done]) correct++;
      predictions[done++] = best;
    }
    batch = [];
    progress.update(
      `${done} of ${images.count} images, top-1 ${(100 * correct / done).toFixed(2)} %`,
    );
  };
  for await (const pixels of images.pixels(model.preprocessing)) {
    batch.push(pixels);
    if (batch.length === batchSize) await flush();
  }
  if (batch.length > 0) await flush();
  progress.end();
  return {
    engine: model.engine,
    top1: correct / images.count,
    correct,
    milliseconds_per_image: milliseconds / images.count,
    predictions_sha256_u8: await sha256(predictions),
  };
}
