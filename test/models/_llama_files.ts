/** A small Llama in the files of GGUF and of llama2.c. */
import type { Tensor } from "../../src/tensor.ts";
import { array, ggufFile, text, TYPES, u32 } from "../formats/_gguf_builder.ts";
import type { Pair } from "../formats/_gguf_builder.ts";
import { join } from "../formats/_join.ts";
import { llama2cFile } from "../formats/_llama2c_builder.ts";

/** The sizes at which llama2.c's fixed ε and θ are the model's; its head size is that of all heads. */
export const SIZES = {
  vocabulary: 261,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  hidden: 24,
  tied: true,
  interleaved: true,
} as const;
const WIDTH = 32;

/** `<unk>`, `<s>`, `</s>`, the bytes, and two pieces. */
export const PIECES: readonly (readonly [text: string, score: number])[] = [
  ["<unk>", 0],
  ["\n<s>\n", 0],
  ["\n</s>\n", 0],
  ...Array.from({ length: 256 }, (_, byte): [string, number] => [
    `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
    0,
  ]),
  [" ", -1],
  ["a", -2],
];

const GGUF_NAMES: Readonly<Record<string, string>> = {
  "model.embed_tokens": "token_embd",
  "model.norm": "output_norm",
  "lm_head": "output",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
  "input_layernorm": "attn_norm",
  "post_attention_layernorm": "ffn_norm",
};

export function f32(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

/** The metadata of a GGUF of these sizes. */
export const PAIRS: readonly Pair[] = [
  ["general.architecture", TYPES.string, text("llama")],
  ["llama.context_length", TYPES.u32, u32(64)],
  ["llama.embedding_length", TYPES.u32, u32(WIDTH)],
  ["llama.block_count", TYPES.u32, u32(SIZES.depth)],
  ["llama.feed_forward_length", TYPES.u32, u32(SIZES.hidden)],
  ["llama.attention.head_count", TYPES.u32, u32(SIZES.heads)],
  ["llama.attention.head_count_kv", TYPES.u32, u32(SIZES.kvHeads)],
  ["llama.attention.layer_norm_rms_epsilon", TYPES.f32, f32(1e-5)],
  ["llama.rope.freq_base", TYPES.f32, f32(10_000)],
  ["llama.rope.dimension_count", TYPES.u32, u32(SIZES.headSize)],
  ["llama.vocab_size", TYPES.u32, u32(SIZES.vocabulary)],
  ["tokenizer.ggml.model", TYPES.string, text("llama")],
  [
    "tokenizer.ggml.tokens",
    TYPES.array,
    array(
      TYPES.string,
      PIECES.length,
      ...PIECES.map(([piece]) => text(piece.trim() === "" ? "▁" : piece.trim())),
    ),
  ],
  [
    "tokenizer.ggml.scores",
    TYPES.array,
    array(TYPES.f32, PIECES.length, ...PIECES.map(([, score]) => f32(score))),
  ],
  [
    "tokenizer.ggml.token_type",
    TYPES.array,
    array(
      TYPES.u32,
      PIECES.length,
      ...PIECES.map((_, id) => u32(id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)),
    ),
  ],
  ["tokenizer.ggml.bos_token_id", TYPES.u32, u32(1)],
  ["tokenizer.ggml.eos_token_id", TYPES.u32, u32(1)],
  ["tokenizer.ggml.unknown_token_id", TYPES.u32, u32(0)],
];

/** A GGUF file of tensors under the names of Hugging Face. */
export function ggufOf(
  weights: ReadonlyMap<string, Tensor>,
  pairs: readonly Pair[] = PAIRS,
): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const parts: Uint8Array[] = [];
  const tensors = [...weights].map(([name, { shape, data }]) => {
    const at = offset;
    const bytes = new Uint8Array(Math.ceil(data.length / 8) * 32);
    bytes.set(new Uint8Array((data as Float32Array).slice().buffer));
    parts.push(bytes);
    offset += bytes.length;
    const [, layer, inner] = /^model\.layers\.(\d+)\.(.*)\.weight$/.exec(name) ?? [];
    const own = GGUF_NAMES[inner ?? name.replace(/\.weight$/, "")];
    return {
      name: own === undefined ? name : `${layer === undefined ? "" : `blk.${layer}.`}${own}.weight`,
      extents: shape.toReversed(),
      type: 0,
      offset: at,
    };
  });
  return ggufFile({ pairs, tensors, data: join(...parts) });
}

/** A file of llama2.c. */
export function llama2cOf(weights: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> {
  const { depth, hidden, heads, kvHeads, headSize, vocabulary } = SIZES;
  const flat = (name: string) => [...weights.get(`${name}.weight`)!.data as Float32Array];
  const each = (name: string) =>
    Array.from({ length: depth }, (_, l) => flat(`model.layers.${l}.${name}`)).flat();
  return llama2cFile([WIDTH, hidden, depth, heads, kvHeads, vocabulary, 64], [
    ...flat("model.embed_tokens"),
    ...each("input_layernorm"),
    ...["q", "k", "v", "o"].flatMap((x) => each(`self_attn.${x}_proj`)),
    ...each("post_attention_layernorm"),
    ...["gate", "down", "up"].flatMap((x) => each(`mlp.${x}_proj`)),
    ...flat("model.norm"),
    ...new Float32Array(64 * headSize),
  ]);
}
