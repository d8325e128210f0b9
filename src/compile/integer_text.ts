/** From checkpoints of Llamas to integer-only programs. */
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import type { SyncInstance } from "../engines/engine.ts";
import { load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { compile } from "../lower/compile.ts";
import { buildLlama } from "../models/llama.ts";
import { isLlama, llamaConfig } from "../models/llama_config.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { LogitComparison } from "../quantize/compare_logits.ts";
import type { CalibrationThread } from "../quantize/calibration_thread.ts";
import { checkDecoderGrids, checkRangeFactors } from "../quantize/check_decoder_grids.ts";
import { checkWindows } from "../quantize/check_windows.ts";
import { gridsOfRanges } from "../quantize/decoder_calibrate.ts";
import type { SiteChoice, Smoothing } from "../quantize/decoder_calibrate.ts";
import type { DecoderRotation } from "../quantize/decoder_grids.ts";
import { smoothQuantDivisors } from "../quantize/decoder_smoothquant.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import { rangesOfLlama } from "../quantize/decoder_ranges.ts";
import type { DecoderRanges } from "../quantize/decoder_ranges.ts";
import { roundLlama } from "../quantize/decoder_rounding.ts";
import type { RoundedBlock, RoundLlamaOptions } from "../quantize/decoder_rounding.ts";
import { rotateWhole, rotationOf } from "../quantize/rotate_llama.ts";
import { quantizeLlama } from "../quantize/mobile_quant.ts";
import type { QuantizeLlamaOptions } from "../quantize/mobile_quant.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { TextComparison } from "./compare_text.ts";
import { textMetadata } from "./text_metadata.ts";

/** Options of {@linkcode calibrateTextModel}. */
export interface CalibrateTextOptions {
  /** Ids that come before every text. Default: the one that begins a text, by the checkpoint's config. */
  readonly prefix?: readonly number[];
  /** Calibrate the rotated network. Its width has to be a power of two, or 36 times one. */
  readonly rotate?: boolean;
  /** Stops calibration. */
  readonly signal?: AbortSignal;
  /** Other threads that share the windows with this one: the same bits, sooner. */
  readonly threads?: readonly CalibrationThread[];
  /** Called after each window of a layer. */
  readonly onProgress?: (layer: number, windows: number) => void;
}

/**
 * What the values of a Llama reach on windows of ids (without a prefix), on the float engine.
 *
 * @throws {FewbitError} `unsupported` for another family, `invalid_argument` for windows that do not fit.
 */
export async function calibrateTextModel(
  { weights, ...files }: TextCheckpoint,
  windows: readonly ArrayLike<number>[],
  { signal, threads, onProgress, rotate = false, ...options }: CalibrateTextOptions = {},
): Promise<DecoderRanges> {
  const config = configOf(files.config);
  const common = {
    prefix: options.prefix ?? defaultPrefix(files),
    windows,
    load: loadSync,
    ...threads && { threads },
    ...signal && { signal },
    ...onProgress && { onProgress },
  };
  if (!rotate) return await rangesOfLlama(buildLlama(config, weights), common);
  const rotation = rotationOf(config);
  const { graph, turnBack } = rotatedGraph(config, weights, rotation);
  return { ...await rangesOfLlama(graph, { ...common, turnBack }), rotation };
}

/** The float network that is rotated throughout, and the way back behind its last norm. */
function rotatedGraph(
  config: ReturnType<typeof configOf>,
  weights: TextCheckpoint["weights"],
  rotation: DecoderRotation,
): { readonly graph: Graph; readonly turnBack: (row: Float32Array) => Float32Array } {
  const { weights: rotated, turnBack } = rotateWhole(config, weights, rotation);
  // The head has the norm's gains in it, the embedding has not.
  return { graph: buildLlama({ ...config, tied: false }, rotated), turnBack };
}

/** Divisors of SmoothQuant-Edge, for {@linkcode parametersOfRanges}; ranges are those without a rotation. */
export function smoothQuantText(
  { weights, config }: TextCheckpoint,
  ranges: DecoderRanges,
): ReadonlyMap<string, Float32Array> {
  return smoothQuantDivisors(buildLlama(configOf(config), weights), ranges);
}

/** The parameters that follow from ranges. */
export function parametersOfRanges(
  { config }: Pick<TextCheckpoint, "config">,
  ranges: DecoderRanges,
  windows: DecoderParams["windows"],
  smoothing?: Smoothing | ReadonlyMap<string, Float32Array>,
  choice?: SiteChoice,
): DecoderParams {
  return { grids: gridsOfRanges(configOf(config), ranges, smoothing, choice), windows };
}

/**
 * Checks that parameters are those of a model, before work goes into them.
 *
 * @throws {FewbitError} `invalid_argument`.
 */
export function checkTextParameters(
  { config }: Pick<TextCheckpoint, "config">,
  { grids, ranges, windows }: DecoderParams,
): void {
  const sizes = configOf(config);
  checkDecoderGrids(sizes, grids);
  checkWindows(sizes, grids.prefix.ids.length, windows);
  if (ranges !== undefined) checkRangeFactors(sizes, ranges);
}

/**
 * Rounds the weights of a Llama to 4 bits by GPTQ, on the windows of the parameters: one block after the other, for
 * {@linkcode compileIntegerText}. The same bits on every host.
 *
 * @throws {FewbitError} `invalid_argument` where the parameters have no windows.
 */
export function roundIntegerText(
  { weights, ...files }: TextCheckpoint,
  { grids, windows, ranges }: DecoderParams,
  options: Omit<RoundLlamaOptions, "windows" | "load" | "ranges">,
): AsyncGenerator<RoundedBlock> {
  const config = configOf(files.config);
  const graph = grids.rotation === undefined
    ? buildLlama(config, weights)
    : rotatedGraph(config, weights, grids.rotation).graph;
  return roundLlama(graph, grids, {
    ...options,
    windows,
    load: loadSync,
    ...ranges && { ranges: (layer) => ranges.get(layer) },
  });
}

/**
 * Compiles an integer-only Llama: no floating point when it runs. {@linkcode quantizeLlama} says what the
 * program takes; its metadata are those of `compileTextModel`, with the `prefix`.
 *
 * @param checkpoint Tensors by name, and the files beside them.
 * @param params What calibration found.
 * @throws {FewbitError} Where the checkpoint is not a Llama, or the parameters are not of this one.
 */
export function compileIntegerText(
  { weights, ...files }: TextCheckpoint,
  { grids }: DecoderParams,
  options: QuantizeLlamaOptions,
): CompiledProgram {
  const config = configOf(files.config);
  const { graph } = quantizeLlama(config, weights, grids, options);
  const metadata = {
    ...textMetadata(files, "LlamaForCausalLM", config.vocabularySize, {
      weights: weightsText(options.bits),
      activations: "int8",
      ...options.window !== undefined && { window: options.window },
    }),
    prefix: grids.prefix.ids,
  };
  return compile(graph, { metadata });
}

/**
 * Measures what the integers cost, on windows that calibration did not see.
 *
 * @param program Of {@linkcode compileIntegerText}.
 */
export async function compareIntegerText(
  checkpoint: TextCheckpoint,
  program: CompiledProgram,
  prefix: readonly number[],
  windows: readonly ArrayLike<number>[],
  onWindow?: (done: number) => void,
): Promise<LogitComparison> {
  using comparison = await TextComparison.of(checkpoint, prefix, windows);
  return await comparison.compare(program, onWindow);
}

/** The id that begins a text, by the files of a checkpoint. */
export function defaultPrefix(
  { config, generationConfig }: Pick<TextCheckpoint, "config" | "generationConfig">,
): readonly number[] {
  const id = generationConfig?.bos_token_id ?? config.bos_token_id;
  if (Number.isInteger(id)) return [id as number];
  throw new FewbitError(
    "invalid_argument",
    "Cannot quantise: the checkpoint has no token that begins a text; give the ids of a prefix (--prefix)",
  );
}

function configOf(config: TextCheckpoint["config"]): ReturnType<typeof llamaConfig> {
  if (isLlama(config)) return llamaConfig(config);
  throw new FewbitError(
    "unsupported",
    `Cannot quantise: model_type is ${
      JSON.stringify(config.model_type)
    }, integers of language models are for "llama"`,
  );
}

function weightsText(bits: LanguageBits): string {
  return bits === "w8a8" ? "int8" : bits === "w4a8" ? "int4" : `int4, groups of ${bits.slice(5)}`;
}

async function loadSync(
  program: CompiledProgram,
  symbols: Readonly<Record<string, number>>,
): Promise<SyncInstance> {
  return await load(program, { symbols });
}
