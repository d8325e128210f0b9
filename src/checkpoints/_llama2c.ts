/** A model of llama2.c, as Hugging Face would have it. */
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { openLlama2c, readLlama2cVocabulary } from "../formats/llama2c.ts";
import { splitPath } from "../files/split_path.ts";
import { tokenizerFromLlama2c } from "../text/llama2c_tokenizer.ts";
import type { TextCheckpoint } from "./text_checkpoint.ts";

/** Names of tensors; those of layers are followed by the layer's number. */
const TENSORS: Readonly<Record<string, string>> = {
  token_embedding_table: "model.embed_tokens.weight",
  rms_final_weight: "model.norm.weight",
  wcls: "lm_head.weight",
};
const LAYER_TENSORS: Readonly<Record<string, string>> = {
  rms_att_weight: "input_layernorm.weight",
  wq: "self_attn.q_proj.weight",
  wk: "self_attn.k_proj.weight",
  wv: "self_attn.v_proj.weight",
  wo: "self_attn.o_proj.weight",
  rms_ffn_weight: "post_attention_layernorm.weight",
  w1: "mlp.gate_proj.weight",
  w2: "mlp.down_proj.weight",
  w3: "mlp.up_proj.weight",
};

/** Most bytes of a vocabulary. */
const MAX_VOCABULARY_BYTES = 2 ** 24;

/**
 * Opens a model of llama2.c. It computes with an ε of 1e-5 and a θ of 10,000, and its texts begin and end
 * with the token 1.
 *
 * @param vocabulary Its vocabulary's file. Default: `tok512.bin`, by the number of pieces, or
 * `tokenizer.bin` beside the model; without one the model has no tokenizer.
 */
export async function openLlama2cModel(
  path: string,
  vocabulary: string | undefined,
): Promise<TextCheckpoint> {
  const { header, tensors } = openLlama2c(path);
  const { dim, hiddenDim, layers, heads, kvHeads, vocabSize, seqLen, shared } = header;
  const bytes = vocabulary === undefined
    ? await besides(path, vocabSize)
    : await readFile(vocabulary, { maxBytes: MAX_VOCABULARY_BYTES });
  const tokenizer = bytes && tokenizerFromLlama2c(readLlama2cVocabulary(bytes, vocabSize));
  const weights = new Map(
    [...tensors].flatMap(([name, tensor]) => {
      const own = nameOf(name);
      return own === undefined ? [] : [[own, tensor]];
    }),
  );
  return {
    config: {
      model_type: "llama",
      architectures: ["LlamaForCausalLM"],
      vocab_size: vocabSize,
      hidden_size: dim,
      intermediate_size: hiddenDim,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: kvHeads,
      max_position_embeddings: seqLen,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      rope_interleaved: true,
      tie_word_embeddings: shared,
      bos_token_id: 1,
      eos_token_id: 1,
    },
    ...tokenizer && {
      tokenizer: tokenizer.tokenizerJson,
      tokenizerConfig: tokenizer.tokenizerConfig,
    },
    weights,
  };
}

async function besides(path: string, pieces: number): Promise<Uint8Array | undefined> {
  const [folder] = splitPath(path);
  for (const name of [`tok${pieces}.bin`, "tokenizer.bin"]) {
    const bytes = await readOptionalFile(`${folder}/${name}`, { maxBytes: MAX_VOCABULARY_BYTES });
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/** Nothing for the tables of angles, which follow from θ. */
function nameOf(name: string): string | undefined {
  if (Object.hasOwn(TENSORS, name)) return TENSORS[name];
  const [tensor, layer] = name.split(".");
  return Object.hasOwn(LAYER_TENSORS, tensor)
    ? `model.layers.${layer}.${LAYER_TENSORS[tensor]}`
    : undefined;
}
