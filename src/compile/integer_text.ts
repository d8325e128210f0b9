/** From checkpoints of Llamas to integer-only programs. */
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import type { SyncInstance } from "../engines/engine.ts";
import { load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { compile } from "../lower/compile.ts";
import { buildLlama } from "../models/llama.ts";
import { isLlama, llamaConfig } from "../models/llama_config.ts";
import type { CompiledProgram } from "../program/program.ts";
import { compareLogits } from "../quantize/compare_logits.ts";
import type { LogitComparison } from "../quantize/compare_logits.ts";
import { gridsOfRanges } from "../quantize/decoder_calibrate.ts";
import type { Smoothing } from "../quantize/decoder_calibrate.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import { rangesOfLlama } from "../quantize/decoder_ranges.ts";
import type { DecoderRanges } from "../quantize/decoder_ranges.ts";
import { rotateWhole, rotationOf } from "../quantize/rotate_llama.ts";
import { quantizeLlama } from "../quantize/mobile_quant.ts";
import type { QuantizeLlamaOptions } from "../quantize/mobile_quant.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { textMetadata } from "./text_metadata.ts";

/** Options of {@linkcode calibrateTextModel}. */
export interface CalibrateTextOptions {
  /** Ids that come before every text. Default: the one that begins a text, by the checkpoint's config. */
  readonly prefix?: readonly number[];
  /** Calibrate the rotated network. Its width has to be a power of two, or 36 times one. */
  readonly rotate?: boolean;
  /** Stops calibration. */
  readonly signal?: AbortSignal;
  /** Called after each window. */
  readonly onProgress?: (windows: number) => void;
}

/**
 * What the values of a Llama reach on windows of ids (without a prefix), on the float engine.
 *
 * @throws {FewbitError} `unsupported` for another family, `invalid_argument` for windows that do not fit.
 */
export async function calibrateTextModel(
  { weights, ...files }: TextCheckpoint,
  windows: readonly ArrayLike<number>[],
  { signal, onProgress, rotate = false, ...options }: CalibrateTextOptions = {},
): Promise<DecoderRanges> {
  const config = configOf(files.config);
  const common = {
    prefix: options.prefix ?? defaultPrefix(files),
    windows,
    load: loadSync,
    ...signal && { signal },
    ...onProgress && { onProgress },
  };
  if (!rotate) return await rangesOfLlama(buildLlama(config, weights), common);
  const rotation = rotationOf(config);
  const { weights: rotated, turnBack } = rotateWhole(config, weights, rotation);
  // The head has the norm's gains in it, the embedding has not.
  const graph = buildLlama({ ...config, tied: false }, rotated);
  return { ...await rangesOfLlama(graph, { ...common, turnBack }), rotation };
}

/** The parameters that follow from ranges. */
export function parametersOfRanges(
  { config }: Pick<TextCheckpoint, "config">,
  ranges: DecoderRanges,
  windows: DecoderParams["windows"],
  smoothing?: Smoothing,
): DecoderParams {
  return { grids: gridsOfRanges(configOf(config), ranges, smoothing), windows };
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
  { weights, config }: TextCheckpoint,
  program: CompiledProgram,
  prefix: readonly number[],
  windows: readonly ArrayLike<number>[],
  onWindow?: (done: number) => void,
): Promise<LogitComparison> {
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  const rows = Math.min(64, longest);
  const symbols = { max_tokens: rows, max_rows: rows, context: longest + prefix.length };
  using float = await loadSync(compile(buildLlama(configOf(config), weights)), symbols);
  // One with a window has no longest text.
  const { context, ...others } = symbols;
  const isBounded = program.symbols.some(({ name }) => name === "context");
  using integers = await loadSync(program, { ...others, ...isBounded && { context } });
  return compareLogits(
    { instance: float, before: prefix, past: 0 },
    { instance: integers, before: [], past: prefix.length },
    windows,
    onWindow,
  );
}

/** The id that begins a text, by the files of a checkpoint. */
export function defaultPrefix(
  { config, generationConfig }: Pick<TextCheckpoint, "config" | "generationConfig">,
): readonly number[] {
  const id = generationConfig?.bos_token_id ?? config.bos_token_id;
  if (Number.isInteger(id)) return [id as number];
  throw new FewbitError(
    "invalid_argument",
    "Cannot quantise: the checkpoint has no token that begins a text; give the ids of a prefix",
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
