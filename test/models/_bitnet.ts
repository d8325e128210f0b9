/** Llamas with ternary weights of any size: config, tensors of bitnet_ref.py's layout, files. */
import { encodeHuggingFace } from "../../src/formats/ternary/hugging_face.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { ternarize } from "../../src/quantize/ternary.ts";
import type { Tensor } from "../../src/tensor.ts";
import { buildSeeded } from "../golden/seeded.ts";
import type { Layout } from "../golden/seeded.ts";

/** Sizes of a network. */
export interface Sizes {
  readonly vocabulary: number;
  readonly width: number;
  readonly depth: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
}

/** The shape of BitNet b1.58 2B-4T but for its depth and vocabulary. */
export const SHAPE_2B4T = { width: 2560, hidden: 6912, heads: 20, kvHeads: 5 } as const;

/** config.json of a network. */
export function bitNetConfigOf(sizes: Sizes): Record<string, unknown> {
  return {
    architectures: ["BitNetForCausalLM"],
    model_type: "bitnet",
    hidden_act: "relu2",
    hidden_size: sizes.width,
    intermediate_size: sizes.hidden,
    num_hidden_layers: sizes.depth,
    num_attention_heads: sizes.heads,
    num_key_value_heads: sizes.kvHeads,
    vocab_size: sizes.vocabulary,
    rope_theta: 500_000,
    rms_norm_eps: 1e-5,
    max_position_embeddings: 4096,
    tie_word_embeddings: true,
  };
}

/** The tensors of golden/bitnet/bitnet_ref.py. */
export function layoutBitNet(sizes: Sizes): Layout {
  const { vocabulary, width, depth, hidden, heads, kvHeads } = sizes;
  const kv = width / heads * kvHeads;
  const norm = (name: string, size: number): Layout => [[`${name}.weight`, [size], 0.25, 1]];
  const linear = (
    name: string,
    n: number,
    k: number,
  ): Layout => [[`${name}.weight`, [n, k], 0.1, 0]];
  return [
    ["model.embed_tokens.weight", [vocabulary, width], 1, 0],
    ...Array.from({ length: depth }, (_, l) => `model.layers.${l}.`).flatMap((at) => [
      ...norm(`${at}input_layernorm`, width),
      ...linear(`${at}self_attn.q_proj`, width, width),
      ...linear(`${at}self_attn.k_proj`, kv, width),
      ...linear(`${at}self_attn.v_proj`, kv, width),
      ...linear(`${at}self_attn.o_proj`, width, width),
      ...norm(`${at}self_attn.attn_sub_norm`, width),
      ...norm(`${at}post_attention_layernorm`, width),
      ...linear(`${at}mlp.gate_proj`, hidden, width),
      ...linear(`${at}mlp.up_proj`, hidden, width),
      ...linear(`${at}mlp.down_proj`, width, hidden),
      ...norm(`${at}mlp.ffn_sub_norm`, hidden),
    ]),
    ...norm("model.norm", width),
  ];
}

/** Its tensors from a seed, rounded to BF16. */
export function bitNetMasters(sizes: Sizes, seed: number): Map<string, Tensor> {
  const tensors = buildSeeded(layoutBitNet(sizes), seed);
  return new Map([...tensors].map(([name, { shape, data }]) => [name, {
    dtype: "bf16",
    shape,
    data: Uint16Array.from(new Uint32Array((data as Float32Array).buffer), roundedHalf),
  }]));
}

/** The upper half of a float32, to nearest, ties to even. */
function roundedHalf(bits: number): number {
  return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
}

/** BF16 as float32. */
export function widened({ data }: Tensor): Float32Array {
  return new Float32Array(Uint32Array.from(data as Uint16Array, (half) => half << 16).buffer);
}

/** Whether a tensor is the weight of a ternary layer. */
export function isLayer(name: string): boolean {
  return /_proj\.weight$/.test(name);
}

/** The trits of a master. */
export function tritsOf(master: Tensor): TernaryTensor {
  const { trits, scale } = ternarize(widened(master));
  const scales = Float32Array.of(scale);
  return { dtype: "ternary", shape: master.shape, trits, scales, blockSize: trits.length };
}

/** The masters as Hugging Face packs them, `weight_scale` to multiply by or to divide by. */
export function packedOf(
  masters: ReadonlyMap<string, Tensor>,
  scale: "multiply" | "divide",
): Map<string, Tensor> {
  return new Map([...masters].flatMap(([name, master]): [string, Tensor][] => {
    if (!isLayer(name)) return [[name, master]];
    const ternary = tritsOf(master);
    const [mu] = ternary.scales;
    const data = Float32Array.of(scale === "multiply" ? mu : 1 / mu);
    return [
      [name, encodeHuggingFace(ternary)],
      [`${name}_scale`, { dtype: "f32", shape: [1], data }],
    ];
  }));
}

/** `quantization_config` of packed weights. */
export function quantizationOf(scale: "multiply" | "divide"): Record<string, unknown> {
  return {
    quant_method: "bitnet",
    quantization_mode: "offline",
    linear_class: scale === "multiply" ? "autobitlinear" : "bitlinear",
  };
}
