/** `fewbit eval`. */
import type { Command } from "./_commander.ts";
import { ENGINES } from "../engines/load.ts";
import type { EngineName } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { encodeProgram } from "../program/encode.ts";
import { readCheckpointFolder } from "../checkpoints/checkpoint_folder.ts";
import { ImageClassifier } from "../pipelines/image/image_classifier.ts";
import { printAgreement } from "./_agreement.ts";
import { openClassifier } from "./_classifier.ts";
import { compileFloatVision } from "../compile/vision.ts";
import { openImages, openLabels } from "./_images.ts";
import type { ImageList } from "./_images.ts";
import { printPerplexity } from "./_perplexity.ts";
import { print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { sha256 } from "../files/sha256.ts";
import { refuseUnfit } from "./_unfit_options.ts";
import { choice, count, fraction, progressLine } from "./_run.ts";

const OF_TEXTS = ["window", "state", "bos", "skip"];
const OF_PICTURES = ["images", "labels", "adapters", "float", "batch", "limit"];

/** Of two language models. */
const OF_PAIRS = ["agree", "prompt", "tokens"];

/** What `fewbit eval` takes and does. */
export default function evalCommand(command: Command, signal: AbortSignal): void {
  command
    .argument("<model>", "model.fewbit, or what fewbit train wrote")
    .option("--images <path>", "IDX file or folder")
    .option("--labels <file>", "IDX file (default: the names of the folder's subfolders)")
    .option("--adapters <file>", "What fewbit finetune --adapters wrote, beside its checkpoint")
    .option("--float <folder>", "Folder of the float model, for comparison")
    .option("--engine <name>", ENGINES.join(", "), "auto")
    .option("--batch <n>", "Images computed at once", "32")
    .option("--perplexity <file>", "Text file to predict, with a language model")
    .option("--window <n>", "Tokens of a window (perplexity)", "256")
    .option("--state <kind>", "zero or carry, between windows", "zero")
    .option("--bos", "BOS before each window that begins a text")
    .option("--skip <part>", "Part of the text to leave out: 0.9", "0")
    .option(
      "--agree <model>",
      "Another language model: how often its greedy tokens are this one's, too",
    )
    .option("--prompt <text>", "What both go on from (agreement)", "Once upon a time")
    .option("--tokens <n>", "Greedy tokens to compare (agreement)", "256")
    .option("--limit <n>", "Images to use at most")
    .option("--json", "One JSON object")
    .addHelpText(
      "after",
      examples(
        "fewbit eval model.fewbit --images t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz",
        "fewbit eval model.fewbit --images photos --limit 100 --json",
        "fewbit eval hgrn-bit-shakespeare.fewbit --perplexity text.txt --skip 0.9",
      ),
    )
    .action(async (path, options) => {
      const engine = choice("engine", options.engine, ENGINES);
      if (options.perplexity !== undefined) {
        refuseUnfit(command, [...OF_PICTURES, ...OF_PAIRS], "--perplexity");
        return await printPerplexity({
          model: path,
          file: options.perplexity,
          engine,
          window: count("window", options.window),
          state: choice("state", options.state, ["zero", "carry"]),
          bos: options.bos ?? false,
          skip: fraction("skip", options.skip),
          json: options.json ?? false,
          signal,
        });
      }
      if (options.agree !== undefined) {
        refuseUnfit(command, [...OF_PICTURES, ...OF_TEXTS], "--agree");
        return await printAgreement({
          model: path,
          other: options.agree,
          prompt: options.prompt,
          tokens: count("tokens", options.tokens, 4096),
          engine,
          json: options.json ?? false,
          signal,
        });
      }
      if (options.images === undefined) {
        throw new FewbitError(
          "invalid_argument",
          "Cannot evaluate: give --images, --perplexity or --agree",
        );
      }
      refuseUnfit(command, [...OF_TEXTS, ...OF_PAIRS], "--images");
      const batchSize = count("batch", options.batch, 4096);
      const limit = options.limit === undefined ? Infinity : count("limit", options.limit);
      const images = await openImages(options.images, limit);
      const labels = options.labels === undefined
        ? images.labels
        : await openLabels(options.labels);
      if (labels === undefined) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot evaluate: the pictures of ${options.images} lie in no classes' folders; give --labels`,
        );
      }
      const [unlabelled] = options.labels === undefined ? images.unlabelled : [];
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
      const loading = { engine, batchSize, signal };
      const results: Record<string, EvalResult> = {};
      {
        using model = await openClassifier(path, { ...loading, adapters: options.adapters });
        results.model = await evaluate(model, images, labels, batchSize, signal);
      }
      if (options.float !== undefined) {
        const bytes = await encodeProgram(
          compileFloatVision(await readCheckpointFolder(options.float)),
        );
        using model = await ImageClassifier.fromPretrained(bytes, loading);
        results.float = await evaluate(model, images, labels, batchSize, signal);
      }
      if (options.json) return printJson({ images: images.count, ...results });
      for (const [name, result] of Object.entries(results)) {
        print(
          `${name.padEnd(6)} top-1 ${(100 * result.top1).toFixed(2)} %  ` +
            `(${result.correct} of ${images.count})  ${
              result.milliseconds_per_image.toFixed(2)
            } ms an image  ` +
            `${result.engine}  predictions ${result.predictions_sha256_u8}`,
        );
      }
    });
}

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
