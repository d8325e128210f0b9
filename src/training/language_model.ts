/** Language models that are trained from nothing. */
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { TrainedLayers, uniform } from "../models/trained_layers.ts";
import type { Initialize } from "../models/trained_layers.ts";
import { crossEntropy } from "./losses/cross_entropy.ts";
import { hgrnBit } from "./networks/hgrn_bit.ts";
import { HEAD_SIZE } from "./networks/language_sizes.ts";
import type { LanguageSizes } from "./networks/language_sizes.ts";
import { llama } from "./networks/llama.ts";
import { IDS, LABELS } from "./text_windows.ts";
import { Trainer } from "./trainer.ts";
import type { TrainerSettings } from "./trainer_options.ts";
import type { TrainingData } from "./training_data.ts";

/** Families of language models: a ternary recurrence, and a Transformer in float32. */
export const LANGUAGE_FAMILIES: readonly LanguageFamily[] = ["hgrn-bit", "transformer"];
/** Family of a language model. */
export type LanguageFamily = "hgrn-bit" | "transformer";

/** Which model, and what a step sees of a text. */
export interface LanguageModel extends LanguageSizes {
  /** What it is made of. */
  readonly family: LanguageFamily;
  /** Tokens of a window. */
  readonly tokens: number;
  /** Windows of a run. */
  readonly windows: number;
}

/** A graph that can be trained. */
export interface LanguageGraph {
  /** Inputs `ids` and `labels`, output `logits`. */
  readonly graph: Graph;
  /** The mean over the tokens. */
  readonly loss: Value;
}

/** How it is trained. */
export type LanguageTraining = Omit<TrainerSettings, "loss" | "decay" | "group"> & {
  /** Weight decay of the matrices of layers: not of norms, bounds and the embedding. */
  readonly decay?: number;
};

/** Entry of the loss in evaluation mode: inputs as a step has them, output `loss`, the mean over the tokens. */
export const EVALUATE = "evaluate";

const NETWORKS: Readonly<
  Record<LanguageFamily, (l: TrainedLayers, ids: Value, s: LanguageSizes, windows: number) => Value>
> = { "hgrn-bit": hgrnBit, transformer: llama };

/**
 * The graph of a language model: inputs `ids` and `labels` of `windows·tokens` rows, output `logits` (entry `main`), and
 * the loss.
 *
 * @throws {FewbitError} `invalid_argument` where a Transformer's width has no whole number of heads.
 */
export function languageGraph(model: LanguageModel, initialize: Initialize): LanguageGraph {
  const { family, width, vocabulary, tokens, windows } = model;
  if (family === "transformer" && width % HEAD_SIZE !== 0) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot make a Transformer of ${width} channels: its heads have ${HEAD_SIZE}`,
    );
  }
  const graph = new Graph();
  const rows = [windows * tokens];
  const ids = graph.input(IDS, "i32", rows, { check: "below", limit: vocabulary });
  const labels = graph.input(LABELS, "i32", rows);
  const logits = NETWORKS[family](new TrainedLayers(graph, initialize), ids, model, windows);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  graph.output("logits", logits);
  graph.output("loss", loss, EVALUATE);
  return { graph, loss };
}

/**
 * A trainer of a language model from random weights. An example is a window of tokens; ternary layers learn straight
 * through (MatMul-free LM, Zhu et al., 2024).
 *
 * @throws {FewbitError} As {@linkcode languageGraph} and {@linkcode Trainer.load}.
 *
 * @example
 * ```ts
 * import { languageLoss, languageTrainer, textWindows } from "@fewbit/fewbit/train";
 *
 * const sizes = { vocabulary: 8, width: 32, depth: 1, hidden: 32, tokens: 16, windows: 2 };
 * using trainer = await languageTrainer({ family: "hgrn-bit", ...sizes }, {
 *   rate: 0.01,
 *   optimizer: { kind: "adamw" },
 * });
 * const text = Int32Array.from({ length: 200 }, (_, i) => i % 8);
 * for await (const { step } of trainer.fit(textWindows(text, 16, 1))) if (step === 3) break;
 * console.log((await languageLoss(trainer, textWindows(text, 16))).toFixed(1));
 * ```
 */
export async function languageTrainer(
  model: LanguageModel,
  { decay = 0, ...training }: LanguageTraining,
): Promise<Trainer> {
  const { graph, loss } = languageGraph(model, uniform(training.seed ?? 0));
  const settings = {
    ...training,
    loss,
    decay: (name: string, shape: readonly number[]): number =>
      shape.length === 2 && !/embed|lower_bounds/.test(name) ? decay : 0,
  };
  return await Trainer.load(graph, settings, model.windows);
}

/**
 * The mean loss of a token over all whole runs of windows.
 *
 * @param data Windows of the length of the model's.
 * @throws {FewbitError} `invalid_argument` where there are fewer windows than a run has.
 */
export async function languageLoss(
  trainer: Trainer,
  data: TrainingData,
  signal?: AbortSignal,
): Promise<number> {
  const { batch } = trainer;
  const runs = Math.floor(data.count / batch);
  if (runs === 0) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot evaluate ${data.count} windows: a run has ${batch}`,
    );
  }
  let sum = 0;
  for (let run = 0; run < runs; run++) {
    signal?.throwIfAborted();
    const examples = Int32Array.from({ length: batch }, (_, i) => run * batch + i);
    const { loss } = await trainer.predict(await data.batch(examples), EVALUATE);
    sum += loss.data[0] as number;
  }
  return sum / runs;
}
