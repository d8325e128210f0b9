/** From checkpoints to compiled language models. */
import { FewbitError } from "../errors.ts";
import { inTurns } from "../event_loop.ts";
import type { Graph } from "../graph/graph.ts";
import { buildHgrnBit } from "../models/hgrn_bit.ts";
import { hgrnBitConfig } from "../models/hgrn_bit_config.ts";
import type { LazyWeights } from "../models/language_weights.ts";
import { buildLlama } from "../models/llama.ts";
import { formatBytes } from "../format_bytes.ts";
import { isLlama, llamaConfig, parametersOf } from "../models/llama_config.ts";
import type { LlamaConfig } from "../models/llama_config.ts";
import { compileSteps } from "../lower/compile.ts";
import type { CompileOptions } from "../lower/compile.ts";
import type { CompiledProgram, Metadata } from "../program/program.ts";
import { quantizeTernary } from "../quantize/ternary_network.ts";
import type { TernaryOptions } from "../quantize/ternary_network.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { textMetadata } from "./text_metadata.ts";
import type { TextFiles } from "../checkpoints/text_checkpoint.ts";

/** What a WebAssembly memory holds. */
const MEMORY_BYTES = 2 ** 32;

/** Options of {@linkcode compileTextModel}. */
export interface CompileTextOptions extends TernaryOptions, Pick<CompileOptions, "onFusions"> {}

/** A compiled language model with what it was made from. */
export interface CompiledText {
  /** The program, with {@linkcode TextMetadata}. */
  readonly program: CompiledProgram;
  /** The graph, ternary or float, for taps. */
  readonly graph: Graph;
}

/**
 * Compiles the checkpoint of a language model: a MatMul-free one (`HGRNBitForCausalLM`) becomes ternary, a
 * Llama (`LlamaForCausalLM`) stays float32.
 *
 * The program has one entry, `main`, for prompts and decoding; {@linkcode buildHgrnBit} and
 * {@linkcode buildLlama} say what it takes. Its metadata ({@linkcode TextMetadata}) holds the tokenizer, so that the file is all that a
 * generator needs.
 *
 * @param weights Tensors by name; they are read one after another.
 * @param files config.json and the other files of the checkpoint, parsed.
 * @throws {FewbitError} Where the config, a tensor or another file is not what the model needs.
 */
export async function compileTextModel(
  weights: LazyWeights,
  files: TextFiles,
  options: CompileTextOptions = {},
): Promise<CompiledText> {
  const { onFusions, signal } = options;
  const compiled = async (graph: Graph, metadata: Metadata): Promise<CompiledText> => {
    const steps = compileSteps(graph, { metadata, ...onFusions && { onFusions } });
    return { program: await inTurns(steps, signal), graph };
  };
  if (isLlama(files.config)) {
    const config = llamaConfig(files.config);
    const metadata = textMetadata(files, "LlamaForCausalLM", config.vocabularySize, {
      weights: "float32",
      activations: "float32",
    });
    checkTokenizer(files, config.vocabularySize);
    checkSize(config);
    return await compiled(buildLlama(config, weights), metadata);
  }
  const config = hgrnBitConfig(files.config);
  const metadata = textMetadata(files, "HGRNBitForCausalLM", config.vocabularySize, {
    weights: "ternary",
    activations: "int8",
    ternarizedIn: "f32",
  });
  checkTokenizer(files, config.vocabularySize);
  return await compiled(await quantizeTernary(buildHgrnBit(config, weights), options), metadata);
}

/** Weights of more than a WebAssembly memory are found out before they are read. */
function checkSize(config: LlamaConfig): void {
  const bytes = 4 * parametersOf(config);
  if (bytes < MEMORY_BYTES) return;
  throw new FewbitError(
    "limit_exceeded",
    `Cannot compile: the weights take ${formatBytes(bytes)} in float32, a program has less than ${
      formatBytes(MEMORY_BYTES)
    }`,
  );
}

/** A tokenizer that cannot be used, or gives ids that the model has no logits for, is found out now. */
function checkTokenizer({ tokenizer, tokenizerConfig }: TextFiles, vocabularySize: number): void {
  if (tokenizer === undefined) return;
  const { vocabSize } = Tokenizer.fromJson(tokenizer, tokenizerConfig);
  if (vocabSize <= vocabularySize) return;
  throw new FewbitError(
    "invalid_file",
    `Cannot compile: the tokenizer has ids up to ${
      vocabSize - 1
    }, the model ${vocabularySize} pieces`,
  );
}
