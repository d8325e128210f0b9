/** From checkpoints to compiled language models. */
import { FewbitError } from "../errors.ts";
import { inTurns } from "../event_loop.ts";
import type { Graph } from "../graph/graph.ts";
import { bitNetSteps } from "../models/bitnet.ts";
import { bitNetConfig, isBitNet } from "../models/bitnet_config.ts";
import { joinPackedWeights } from "../models/bitnet_weights.ts";
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
import { ternarize } from "../quantize/ternary.ts";
import { quantizeTernary } from "../quantize/ternary_network.ts";
import type { TernaryOptions } from "../quantize/ternary_network.ts";
import { quantizeRows } from "../quantize/token_table.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { textMetadata } from "./text_metadata.ts";
import type { TextFiles } from "../checkpoints/text_checkpoint.ts";

/** What a WebAssembly memory holds. */
const MEMORY_BYTES = 2 ** 32;

/** Options of {@linkcode compileTextModel}. */
export interface CompileTextOptions extends TernaryOptions, Pick<CompileOptions, "onFusions"> {
  /**
   * How a BitNet b1.58 keeps its head, and the embedding that shares its table. `int8` (default): codes
   * with a scale for each row, and the rows that it multiplies as codes, too.
   */
  readonly head?: "int8" | "float32";
}

/** A compiled language model with what it was made from. */
export interface CompiledText {
  /** The program, with {@linkcode TextMetadata}. */
  readonly program: CompiledProgram;
  /** The graph, ternary or float, for taps. */
  readonly graph: Graph;
}

/**
 * Compiles the checkpoint of a language model: a MatMul-free one (`HGRNBitForCausalLM`) becomes ternary,
 * and so does a BitNet b1.58 (`BitNetForCausalLM`), or it is already; a Llama (`LlamaForCausalLM`) stays
 * float32.
 *
 * The program has one entry, `main`, for prompts and decoding; {@linkcode buildHgrnBit} and
 * {@linkcode buildLlama} (for a BitNet, too) say what it takes. Its metadata ({@linkcode TextMetadata}) holds the tokenizer, so that the file is all that a
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
    checkSize(4 * parametersOf(config), "in float32");
    return await compiled(buildLlama(config, weights), metadata);
  }
  if (isBitNet(files.config)) {
    return await compiled(...await buildBitNet(weights, files, options));
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

/** The graph of a BitNet b1.58 and the metadata of its program. */
async function buildBitNet(
  weights: LazyWeights,
  files: TextFiles,
  { head = "int8", signal, onProgress }: CompileTextOptions,
): Promise<[Graph, Metadata]> {
  const config = bitNetConfig(files.config);
  const metadata = textMetadata(files, "BitNetForCausalLM", config.vocabularySize, {
    weights: "ternary",
    activations: "int8",
    head,
  });
  checkTokenizer(files, config.vocabularySize);
  const { vocabularySize, width, tied } = config;
  const table = vocabularySize * width;
  const bytes = (head === "int8" ? 1 : 4) * table + (tied ? 0 : 4 * table) + ternaryBytes(config);
  checkSize(bytes, `with trits and a head in ${head}`);
  const steps = bitNetSteps(
    config,
    config.weights === "latent" ? weights : joinPackedWeights(weights, config.weights),
    {
      onProgress,
      ternarize: config.weights === "latent" ? ternarize : undefined,
      codeRows: head === "int8" ? quantizeRows : undefined,
    },
  );
  return [await inTurns(steps, signal), metadata];
}

/** Bytes of the ternary layers, four weights in each. */
function ternaryBytes(config: LlamaConfig): number {
  const rest = parametersOf({ ...config, vocabularySize: 0, tied: true });
  return rest / 4;
}

/** Weights of more than a WebAssembly memory are found out before they are read. */
function checkSize(bytes: number, kept: string): void {
  if (bytes < MEMORY_BYTES) return;
  throw new FewbitError(
    "limit_exceeded",
    `Cannot compile: the weights take ${formatBytes(bytes)} ${kept}, a program has less than ${
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
