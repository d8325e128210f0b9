/** A Llama in a GGUF file, as Hugging Face would have it. */
import { FewbitError } from "../errors.ts";
import type { GgufValue } from "../formats/gguf.ts";
import { openGgufFile } from "../formats/gguf_file.ts";
import type { LazyTensor } from "../tensor.ts";
import { tokenizerFromGguf } from "../text/gguf_tokenizer.ts";
import type { TextCheckpoint } from "./text_checkpoint.ts";

/** What the architectures are as config.json has it; keys of their metadata begin with their names. */
const ARCHITECTURES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  llama: {
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
    // Rows of q and k are in the order in which neighbours turn together.
    rope_interleaved: true,
  },
  // llama.cpp's "bitnet" is another network: its activation is SiLU.
  "bitnet-b1.58": {
    model_type: "bitnet",
    architectures: ["BitNetForCausalLM"],
    rope_interleaved: false,
    rope_theta: 10_000,
    // Layers hold trits and the scale of each; floats might be latent weights or their trits.
    quantization_config: { quant_method: "bitnet", linear_class: "autobitlinear" },
  },
};

/** Keys of the metadata (`llama.…`) that say what a key of config.json does. */
const KEYS: Readonly<Record<string, string>> = {
  context_length: "max_position_embeddings",
  embedding_length: "hidden_size",
  block_count: "num_hidden_layers",
  feed_forward_length: "intermediate_size",
  "attention.head_count": "num_attention_heads",
  "attention.head_count_kv": "num_key_value_heads",
  "attention.key_length": "head_dim",
  "attention.layer_norm_rms_epsilon": "rms_norm_eps",
  "rope.freq_base": "rope_theta",
};

/** Keys that repeat others: they have to agree. */
const HEAD_SIZES = ["attention.value_length", "rope.dimension_count"];

/** Keys that have no effect, and those that have none with these values. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly GgufValue[] | "any">> = {
  vocab_size: "any",
  tensor_data_layout: "any",
  "rope.scaling.finetuned": "any",
  "rope.scaling.type": ["none"],
  expert_count: [0],
  expert_used_count: [0],
  "attention.causal": [true],
  "attention.sliding_window": [0],
};

/** Names of tensors, those of layer N behind `blk.N.`. */
const TENSORS: Readonly<Record<string, string>> = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
};
const LAYER_TENSORS: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_sub_norm: "self_attn.attn_sub_norm",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_sub_norm: "mlp.ffn_sub_norm",
  ffn_down: "mlp.down_proj",
};

/**
 * Opens a Llama, or one with ternary weights (`bitnet-b1.58`), in a GGUF file. Tensors are read when they
 * are needed; the tokenizer and the chat template are those of the metadata, if it has a vocabulary.
 *
 * @throws {FewbitError} `unsupported` for another architecture, a setting or a type that is not done,
 * `invalid_file` where the file is damaged.
 */
export function openGgufLlama(path: string): TextCheckpoint {
  const { metadata, tensors } = openGgufFile(path);
  const architecture = metadata.get("general.architecture");
  if (typeof architecture !== "string" || !Object.hasOwn(ARCHITECTURES, architecture)) {
    throw new FewbitError(
      "unsupported",
      `Cannot read ${path}: its architecture is ${
        JSON.stringify(architecture)
      }, supported is "llama" or "bitnet-b1.58"`,
    );
  }
  const weights = new Map<string, LazyTensor>(
    [...tensors].map(([name, tensor]) => [nameOf(name), tensor]),
  );
  const vocabularySize = tensors.get("token_embd.weight")?.shape[0];
  const vocabulary = metadata.has("tokenizer.ggml.model") ? tokenizerFromGguf(metadata) : undefined;
  const tokenId = (name: string): GgufValue | undefined =>
    metadata.get(`tokenizer.ggml.${name}_token_id`);
  return {
    config: {
      ...ARCHITECTURES[architecture],
      ...settings(path, architecture, metadata),
      vocab_size: vocabularySize,
      tie_word_embeddings: !tensors.has("output.weight"),
    },
    generationConfig: {
      bos_token_id: tokenId("bos"),
      eos_token_id: endIds(tokenId("eos"), tokenId("eot")),
      pad_token_id: tokenId("padding"),
    },
    ...vocabulary && {
      tokenizer: vocabulary.tokenizerJson,
      tokenizerConfig: vocabulary.tokenizerConfig,
    },
    weights,
  };
}

/** The ids that end a text, or a turn of a conversation. */
function endIds(...ids: readonly (GgufValue | undefined)[]): unknown[] {
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The keys of the architecture (`llama.…`) as config.json has them. All are read, known to have no effect, or refused. */
function settings(
  path: string,
  architecture: string,
  metadata: ReadonlyMap<string, GgufValue>,
): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [whole, value] of metadata) {
    if (!whole.startsWith(`${architecture}.`)) continue;
    const key = whole.slice(architecture.length + 1);
    if (Object.hasOwn(KEYS, key)) {
      config[KEYS[key]] = value;
      continue;
    }
    const without = Object.hasOwn(WITHOUT_EFFECT, key) ? WITHOUT_EFFECT[key] : [];
    if (HEAD_SIZES.includes(key) || without === "any" || without.includes(value)) continue;
    throw new FewbitError(
      "unsupported",
      `Cannot read ${path}: ${whole} ${shown(value)} is not supported`,
    );
  }
  const size = config.head_dim ?? Number(config.hidden_size) / Number(config.num_attention_heads);
  for (const key of HEAD_SIZES) {
    const value = metadata.get(`${architecture}.${key}`) ?? size;
    if (value === size) continue;
    throw new FewbitError(
      "unsupported",
      `Cannot read ${path}: ${architecture}.${key} is ${
        shown(value)
      }, supported is the ${size} channels of a head`,
    );
  }
  return config;
}

function nameOf(name: string): string {
  const [, tensor] = /^(\w+)\.weight$/.exec(name) ?? [];
  if (tensor !== undefined && Object.hasOwn(TENSORS, tensor)) return `${TENSORS[tensor]}.weight`;
  const [, layer, inner] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name) ?? [];
  return inner !== undefined && Object.hasOwn(LAYER_TENSORS, inner)
    ? `model.layers.${Number(layer)}.${LAYER_TENSORS[inner]}.weight`
    : name;
}

function shown(value: unknown): string {
  return typeof value === "object" ? "an array" : JSON.stringify(String(value).slice(0, 80));
}
