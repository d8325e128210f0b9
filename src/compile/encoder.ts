/** From checkpoints to compiled sentence encoders. */
import type { EncoderCheckpoint } from "../checkpoints/encoder_folder.ts";
import { load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
import { buildBert } from "../models/bert.ts";
import { bertConfig } from "../models/bert_config.ts";
import type { BertConfig } from "../models/bert_config.ts";
import { compile, compileSteps } from "../lower/compile.ts";
import type { CompiledProgram, Metadata } from "../program/program.ts";
import { bertSteps, LAST, quantizeBert, smoothedSites } from "../quantize/bert.ts";
import type { EncoderQuantization } from "../quantize/bert.ts";
import { calibrateBert } from "../quantize/bert_calibrate.ts";
import type { EncoderScales } from "../quantize/encoder_scales.ts";

/** Options of {@linkcode compileEncoder}. */
export interface CompileEncoderOptions extends EncoderQuantization {
  /** More metadata: `tokenizer`, the parsed tokenizer.json, is where pipelines look for it. */
  readonly metadata?: Metadata;
  /** Told what had to be changed to fit integers. */
  readonly onWarning?: (message: string) => void;
}

/** Options of {@linkcode calibrateEncoder}. */
export interface CalibrateEncoderOptions extends EncoderQuantization {
  /** Stops calibration. */
  readonly signal?: AbortSignal;
  /** Called with the texts done, of as many as there are; each is run twice. */
  readonly onProgress?: (texts: number) => void;
}

/**
 * Compiles an integer-only encoder.
 *
 * The program has one entry, `main`. Its inputs are a ragged batch: `ids`, i32 `[tokens]`, the token
 * ids of all texts one after the other, and `offsets`, i32 `[sequences + 1]`, the bounds of the texts:
 * text s has the ids `offsets[s]` … `offsets[s + 1]`, at least one and at most `maxTokens` (which the
 * caller checks). Its output is `sums`, i32 `[sequences, dimension]`; `unitVector` of a row is the
 * embedding. `max_tokens` and `max_sequences` are chosen when it is loaded (`maxTokens` and 32).
 *
 * Where not all tokens of a text are pooled (`includePrompt` false, or pooling "lasttoken") there is a
 * third input, `parts`, i32 `[2·sequences + 1]`, the bounds of the tokens that are not pooled and of those
 * that are, in turn; `sums` then has a row for each part, and the second of each two is the text's.
 *
 * Metadata: `task` "sentence-embedding", `architecture` "bert", `dimension`, `maxTokens`, `pooling`
 * (as sentence-transformers names it), `normalize` and, where it is false, `scale` (what a number of `sums`
 * stands for), `includePrompt` and `similarity` where they are not true and "cosine", `quantization` (the bits), and what `options.metadata` adds: pipelines
 * expect the parsed tokenizer.json under `tokenizer`.
 *
 * @param checkpoint Parsed JSON files and float tensors.
 * @param scales What calibration found: `readEncoderScales` of a file, or {@linkcode calibrateEncoder}.
 * @throws {FewbitError} `unsupported` for another family, `invalid_file` where a tensor or scale is
 * missing or has the wrong size.
 */
export function compileEncoder(
  checkpoint: EncoderCheckpoint,
  scales: EncoderScales,
  options: CompileEncoderOptions = {},
): CompiledProgram {
  return atOnce(encoderSteps(checkpoint, scales, options));
}

/** As {@linkcode compileEncoder}, a step for each node. */
export function* encoderSteps(
  checkpoint: EncoderCheckpoint,
  scales: EncoderScales,
  options: CompileEncoderOptions = {},
): Steps<CompiledProgram> {
  const { onWarning } = options;
  const quantization = quantizationOf(options);
  const config = bertConfig(checkpoint);
  checkSites(scales, config, quantization.geluBits ?? 12);
  const network = yield* bertSteps(config, checkpoint.weights, {
    ...quantization,
    smooth: scales.smooth,
    ...(onWarning && { onWarning }),
  });
  checkScales(scales, network.graph.constants.values());
  const metadata = metadataOf(config, quantization, {
    ...!config.normalize && { scale: scales.scales.get(LAST)! },
    ...options.metadata,
  });
  return yield* compileSteps(network.graph, { scales: scales.scales, metadata });
}

/** The float32 encoder, for baselines: the same inputs, `sums` in float32. */
export function compileFloatEncoder(checkpoint: EncoderCheckpoint, fast = false): CompiledProgram {
  const config = bertConfig(checkpoint);
  const metadata = metadataOf(config, { bits: "f32" });
  return compile(buildBert(config, checkpoint.weights), { fast, metadata });
}

/**
 * The same integers for one text at a time, every node shown under the name of its activation
 * (`encoder.layer.0.scores`), in entry `main`.
 */
export function compileEncoderTaps(
  checkpoint: EncoderCheckpoint,
  { scales, smooth }: EncoderScales,
  options: EncoderQuantization = {},
): CompiledProgram {
  const network = quantizeBert(bertConfig(checkpoint), checkpoint.weights, {
    ...quantizationOf(options),
    smooth,
    single: true,
  });
  return compile(network.graph, { scales, taps: { entry: "main", values: network.taps } });
}

/**
 * Finds the scales of an encoder from texts.
 *
 * @param checkpoint Parsed JSON files and float tensors.
 * @param texts Token ids of each text, special tokens included, at most `maxTokens` each.
 * @throws {FewbitError} `invalid_argument` without a text, or where one is empty or too long.
 */
export async function calibrateEncoder(
  checkpoint: EncoderCheckpoint,
  texts: readonly (readonly number[])[],
  options: CalibrateEncoderOptions = {},
): Promise<EncoderScales> {
  return await calibrateBert(bertConfig(checkpoint), checkpoint.weights, texts, {
    quantization: quantizationOf(options),
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    load: (program, symbols) =>
      load(program, { symbols, ...options.signal && { signal: options.signal } }),
  });
}

function quantizationOf(options: EncoderQuantization): Required<EncoderQuantization> {
  const { weightBits = 8, geluBits = 12, tableBits = 8 } = options;
  return { weightBits, geluBits, tableBits };
}

function checkScales(
  { scales }: EncoderScales,
  constants: Iterable<{ readonly derivedFrom: readonly string[] }>,
): void {
  for (const { derivedFrom } of constants) {
    const missing = derivedFrom.find((name) => !scales.has(name));
    if (missing === undefined) continue;
    throw new FewbitError(
      "invalid_file",
      `Cannot compile encoder: the scales have none for "${missing}"; calibrate this model`,
    );
  }
}

/** Scales for a GELU of 8 bits divide more activations than those for 12. */
function checkSites({ smooth }: EncoderScales, config: BertConfig, geluBits: 8 | 12): void {
  const sites = smoothedSites(config, geluBits);
  const fits = geluBits === 8
    ? [...sites.keys()].every((site) => smooth.has(site))
    : [...smooth.keys()].every((site) => sites.has(site));
  if (!fits) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot compile encoder: the scales were not made for geluBits ${geluBits}; calibrate with it`,
    );
  }
  for (const [name, channels] of smoothedSites(config, 8)) {
    const divisors = smooth.get(name);
    if (divisors === undefined || divisors.length === channels) continue;
    throw new FewbitError(
      "invalid_file",
      `Cannot compile encoder: "${name}" has ${divisors.length} divisors for ${channels} channels`,
    );
  }
}

function metadataOf(config: BertConfig, quantization: object, more: Metadata = {}): Metadata {
  return {
    task: "sentence-embedding",
    architecture: "bert",
    dimension: config.width,
    maxTokens: config.maxTokens,
    pooling: config.pooling,
    normalize: config.normalize,
    ...!config.includePrompt && { includePrompt: false },
    ...config.similarity !== "cosine" && { similarity: config.similarity },
    quantization,
    ...more,
  };
}
