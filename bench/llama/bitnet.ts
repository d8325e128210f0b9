/** A slice of BitNet b1.58 2B-4T's shape with random trits, made when they are read. */
import type { LazyWeight } from "../../src/formats/ternary/ternary_tensor.ts";
import type { Tensor } from "../../src/tensor.ts";

/** Sizes of 2B-4T but for its 30 layers and 128,256 pieces. */
export const SHAPE = { width: 2560, hidden: 6912, heads: 20, kvHeads: 5 } as const;
/** Layers of the slice. */
export const LAYERS = 4;
/** Pieces of the slice. */
export const VOCABULARY = 4096;

/** config.json: weights are ternary already. */
export const config: Readonly<Record<string, unknown>> = {
  architectures: ["BitNetForCausalLM"],
  model_type: "bitnet",
  hidden_act: "relu2",
  hidden_size: SHAPE.width,
  intermediate_size: SHAPE.hidden,
  num_hidden_layers: LAYERS,
  num_attention_heads: SHAPE.heads,
  num_key_value_heads: SHAPE.kvHeads,
  vocab_size: VOCABULARY,
  rope_theta: 500_000,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 4096,
  tie_word_embeddings: true,
  quantization_config: { quant_method: "bitnet", linear_class: "autobitlinear" },
};

/** The tensors under the names of Hugging Face. */
export function bitNetWeights(): Map<string, LazyWeight> {
  const { width, hidden, heads, kvHeads } = SHAPE;
  const kv = width / heads * kvHeads;
  const weights = new Map<string, LazyWeight>();
  const norm = (name: string, size: number): void => {
    const read = (): Tensor => ({
      dtype: "f32",
      shape: [size],
      data: new Float32Array(size).fill(1),
    });
    weights.set(`${name}.weight`, { dtype: "f32", shape: [size], read });
  };
  const linear = (name: string, rows: number, columns: number): void => {
    const shape = [rows, columns];
    const seed = weights.size;
    weights.set(`${name}.weight`, {
      dtype: "f32",
      shape,
      read: () => {
        throw new Error(`${name} is ternary`);
      },
      readTernary: () => ({
        dtype: "ternary",
        shape,
        trits: randomTrits(rows * columns, seed),
        scales: Float32Array.of(2 ** -6),
        blockSize: rows * columns,
      }),
    });
  };
  const shape = [VOCABULARY, width];
  weights.set("model.embed_tokens.weight", {
    dtype: "f32",
    shape,
    read: () => {
      const random = words(1);
      const data = Float32Array.from(
        { length: VOCABULARY * width },
        () => random() / 2 ** 32 - 0.5,
      );
      return { dtype: "f32", shape, data };
    },
  });
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `model.layers.${layer}.`;
    for (const name of ["input_layernorm", "post_attention_layernorm"]) norm(at + name, width);
    norm(`${at}self_attn.attn_sub_norm`, width);
    norm(`${at}mlp.ffn_sub_norm`, hidden);
    for (const [name, rows] of [["q", width], ["k", kv], ["v", kv], ["o", width]] as const) {
      linear(`${at}self_attn.${name}_proj`, rows, width);
    }
    for (const name of ["gate", "up"]) linear(`${at}mlp.${name}_proj`, hidden, width);
    linear(`${at}mlp.down_proj`, width, hidden);
  }
  norm("model.norm", width);
  return weights;
}

function randomTrits(count: number, seed: number): Int8Array<ArrayBuffer> {
  const random = words(seed);
  const trits = new Int8Array(count);
  for (let i = 0; i < count; i++) trits[i] = (random() >>> 8) % 3 - 1;
  return trits;
}

function words(seed: number): () => number {
  let state = seed >>> 0;
  return () => state = Math.imul(state, 1664525) + 1013904223 >>> 0;
}
