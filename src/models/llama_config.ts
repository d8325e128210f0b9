/** Sizes of a Llama from the config.json of a `LlamaForCausalLM`. */
import { FewbitError } from "../errors.ts";
import { count, flag, given, isJson, positive, unsupportedField } from "./_config_fields.ts";
import type { Json } from "./_config_fields.ts";
import { refuseForeign } from "./_huggingface_common.ts";
import { checkpointKind } from "./model_kind.ts";

/** A Llama: RMSNorm, rotary embeddings, grouped queries, SwiGLU, no biases. */
export interface LlamaConfig {
  /** Pieces of the vocabulary. */
  readonly vocabularySize: number;
  /** Channels of the residual. */
  readonly width: number;
  /** Layers. */
  readonly depth: number;
  /** Channels between the two linear layers of an MLP. */
  readonly hidden: number;
  /** Heads of the queries. */
  readonly heads: number;
  /** Heads of keys and values, which divide those of the queries. */
  readonly kvHeads: number;
  /** Channels of a head, an even number. */
  readonly headSize: number;
  /** Tokens of a text for which the model was made. */
  readonly context: number;
  /** Epsilon of the norms. */
  readonly epsilon: number;
  /** θ of the rotary embedding. */
  readonly theta: number;
  /**
   * Whether the pairs of channels that turn together are neighbours (GGUF, llama2.c), or a half of a
   * head apart (Hugging Face).
   */
  readonly interleaved: boolean;
  /** Whether the head has the weights of the embedding. */
  readonly tied: boolean;
}

/** Largest sizes that a config may ask for; published Llamas have 126 layers of 16,384. */
const MOST = {
  vocab_size: 2 ** 20,
  hidden_size: 2 ** 16,
  intermediate_size: 2 ** 18,
  num_hidden_layers: 512,
  num_attention_heads: 1024,
  num_key_value_heads: 1024,
  head_dim: 1024,
  max_position_embeddings: 2 ** 20,
};

/** What a class of the library has where a config is silent, and what its MLP may be. */
export interface DecoderClass {
  /** Epsilon of the norms. */
  readonly epsilon: number;
  /** θ of the rotary embedding. */
  readonly theta: number;
  /** Names of the activation; the first is the default. */
  readonly activations: readonly string[];
  /** What the MLP is, for messages. */
  readonly mlp: string;
}

const LLAMA: DecoderClass = {
  epsilon: 1e-6,
  theta: 10_000,
  activations: ["silu", "swish"],
  mlp: 'a SwiGLU ("silu")',
};

/** Tokens of a text where a config is silent. */
const DEFAULT_CONTEXT = 2048;

/** Whether a config.json is that of a Llama, which may predict something else than the next token. */
export function isLlama({ model_type: type }: Json): boolean {
  return type === "llama";
}

function isLanguageModel({ architectures }: Json): boolean {
  return (architectures ?? undefined) === undefined ||
    Array.isArray(architectures) && architectures.includes("LlamaForCausalLM");
}

/**
 * Reads a config.json. All that the library's class computes with is read, or refused by name where it
 * is not done. `rope_interleaved` says that the rows of q and k are in the order of GGUF.
 *
 * @param config The parsed file.
 * @throws {FewbitError} `unsupported` for another family or a setting that is not done, `invalid_file`
 * for a missing or bad value.
 */
export function llamaConfig(config: Json): LlamaConfig {
  if (!isLlama(config) || !isLanguageModel(config)) {
    throw new FewbitError(
      "unsupported",
      `Config: model_type is ${JSON.stringify(config.model_type)}, architectures are ${
        JSON.stringify(config.architectures)
      }, expected LlamaForCausalLM; ${checkpointKind(config)}`,
    );
  }
  refuseForeign(config);
  return decoderConfig(config, LLAMA);
}

/** The sizes of a config.json whose class is known. */
export function decoderConfig(config: Json, known: DecoderClass): LlamaConfig {
  refuseSettings(config, known);
  const width = size(config, "hidden_size");
  const heads = size(config, "num_attention_heads");
  const kvHeads = size(config, "num_key_value_heads", heads);
  if (heads % kvHeads !== 0) {
    throw new FewbitError(
      "invalid_file",
      `Config: ${kvHeads} num_key_value_heads do not divide ${heads} num_attention_heads`,
    );
  }
  const headSize = size(config, "head_dim", width / heads);
  if (headSize % 2 !== 0) {
    throw new FewbitError("invalid_file", `Config: heads of ${headSize} channels have no pairs`);
  }
  const epsilon = positive(config, ["rms_norm_eps"], known.epsilon);
  if (epsilon > 1) throw new FewbitError("invalid_file", `Config: rms_norm_eps is ${epsilon}`);
  return {
    vocabularySize: size(config, "vocab_size"),
    width,
    depth: size(config, "num_hidden_layers"),
    hidden: size(config, "intermediate_size"),
    heads,
    kvHeads,
    headSize,
    context: size(config, "max_position_embeddings", DEFAULT_CONTEXT),
    epsilon,
    theta: theta(config, known.theta),
    interleaved: flag(config, "rope_interleaved", false),
    tied: flag(config, "tie_word_embeddings", false),
  };
}

/** Weights of a model. */
export function parametersOf(config: LlamaConfig): number {
  const { vocabularySize, width, depth, hidden, heads, kvHeads, headSize, tied } = config;
  const attention = 2 * (heads + kvHeads) * headSize * width;
  const layer = attention + 3 * hidden * width + 2 * width;
  return (tied ? 1 : 2) * vocabularySize * width + depth * layer + width;
}

function size(config: Json, name: keyof typeof MOST, fallback?: number): number {
  const value = count(config, [name], fallback);
  if (value <= MOST[name]) return value;
  throw new FewbitError(
    "invalid_file",
    `Config: ${name} is ${value}, expected up to ${MOST[name]}`,
  );
}

/** Refuses what changes results and is not done. */
function refuseSettings(config: Json, { activations, mlp }: DecoderClass): void {
  const activation = given(config, ["hidden_act"]) ?? activations[0];
  if (!activations.includes(activation as string)) {
    throw unsupportedField("hidden_act", activation, `the MLP is ${mlp}`);
  }
  for (const name of ["attention_bias", "mlp_bias"]) {
    if (flag(config, name, false)) throw unsupportedField(name, true, "supported is false");
  }
  const whole = given(config, ["partial_rotary_factor"]) ?? 1;
  if (whole !== 1) throw unsupportedField("partial_rotary_factor", whole, "supported is 1");
  const window = given(config, ["sliding_window"]);
  if (window !== undefined) {
    throw unsupportedField("sliding_window", window, "attention reaches back to the beginning");
  }
  for (const name of ["rope_scaling", "rope_parameters"]) {
    const rope = given(config, [name]);
    if (rope === undefined) continue;
    const type = isJson(rope) ? given(rope, ["rope_type", "type"]) ?? "default" : rope;
    if (type !== "default") {
      throw unsupportedField(name, rope, "rotary embeddings are not scaled");
    }
    const part = given(rope as Json, ["partial_rotary_factor"]) ?? 1;
    if (part !== 1) throw unsupportedField(name, rope, "supported is a partial_rotary_factor of 1");
  }
}

/** `rope_theta`, of the config or of the object that newer versions of the library write. */
function theta(config: Json, fallback: number): number {
  const parameters = given(config, ["rope_parameters"]);
  const inner = isJson(parameters) ? given(parameters, ["rope_theta"]) : undefined;
  return positive(config, ["rope_theta"], inner ?? fallback);
}
