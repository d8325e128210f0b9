/** What would become of a checkpoint, before anything is calibrated. */
import { readCheckpointFolder, readJson } from "../checkpoints/checkpoint_folder.ts";
import { isEncoderFolder, readEncoderFolder } from "../checkpoints/encoder_folder.ts";
import { isTextCheckpointFile, openTextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { compile } from "../lower/compile.ts";
import type { FusionReport } from "../lower/fusion.ts";
import { bertConfig } from "../models/bert_config.ts";
import { isLanguageModel } from "../models/model_kind.ts";
import { buildVisionModel } from "../models/vision_model.ts";
import type { CompiledProgram } from "../program/program.ts";
import { quantizeBert } from "../quantize/bert.ts";
import { quantizeIVit } from "../quantize/i_vit.ts";
import type { IntegerNetwork } from "../quantize/integer_network.ts";
import { quantizeParameters } from "../quantize/integer_parameters.ts";
import { normalizationTable } from "../vision/preprocess.ts";
import { compileTextModel } from "./text.ts";
import { preprocessingOf } from "./vision.ts";

/** A program as its checkpoint would give it, with scales that are made up. */
export interface CheckpointPreview {
  /** Instructions and memory are those of the calibrated program, numbers are not. */
  readonly program: CompiledProgram;
  /** Fusions that were made, and those that could not be. */
  readonly fusions: readonly FusionReport[];
}

/**
 * Compiles a checkpoint as `fewbit quantize` and `fewbit convert` do without options, every scale 1.
 *
 * @param folder Its folder, or the file of a language model.
 * @throws {FewbitError} Where there is no checkpoint that can be compiled.
 */
export async function previewCheckpoint(
  folder: string,
  signal?: AbortSignal,
): Promise<CheckpointPreview> {
  const fusions: FusionReport[] = [];
  const onFusions = (reports: readonly FusionReport[]): void => void fusions.push(...reports);
  const isTextFile = isTextCheckpointFile(folder);
  if (!isTextFile && await isEncoderFolder(folder)) {
    const encoder = await readEncoderFolder(folder);
    const network = quantizeBert(bertConfig(encoder), encoder.weights);
    return { program: compileUncalibrated(network, onFusions), fusions };
  }
  if (isTextFile || isLanguageModel(await readJson(`${folder}/config.json`) ?? {})) {
    const { weights, ...files } = await openTextCheckpoint(folder);
    const { program } = await compileTextModel(weights, files, {
      onFusions,
      ...signal && { signal },
    });
    return { program, fusions };
  }
  const checkpoint = await readCheckpointFolder(folder);
  const network = quantizeIVit(buildVisionModel(checkpoint.config, checkpoint.weights), {
    nonlinear: "table",
    weightBits: 8,
    parameters: quantizeParameters(),
    pixelTable: normalizationTable(preprocessingOf(checkpoint)),
  });
  return { program: compileUncalibrated(network, onFusions), fusions };
}

function compileUncalibrated(
  { graph, sites }: IntegerNetwork,
  onFusions: (reports: readonly FusionReport[]) => void,
): CompiledProgram {
  const names = [
    ...sites.map(({ site }) => site.name),
    ...[...graph.constants.values()].flatMap(({ derivedFrom }) => derivedFrom),
  ];
  return compile(graph, { scales: new Map(names.map((name) => [name, 1])), onFusions });
}
