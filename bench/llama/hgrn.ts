/** Random MatMul-free models in the authors' layout, with the linear layers of a Llama of the same sizes. */
import type { LazyWeights } from "../../src/models/language_weights.ts";
import type { LlamaShape } from "./gguf.ts";

/** config.json of such a model. */
export function hgrnConfig({ hidden, inner, layers, vocabulary }: LlamaShape) {
  return {
    architectures: ["HGRNBitForCausalLM"],
    model_type: "hgrn_bit",
    vocab_size: vocabulary,
    hidden_size: hidden,
    num_hidden_layers: layers,
    intermediate_size: inner,
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

/** Its tensors, drawn when they are read. */
export function hgrnWeights({ hidden, inner, layers, vocabulary }: LlamaShape): LazyWeights {
  const tensors = new Map<string, LazyWeights extends ReadonlyMap<string, infer T> ? T : never>();
  let seed = 1;
  const add = (name: string, shape: readonly number[], bound: number, middle: number): void => {
    const own = seed++;
    tensors.set(name, {
      dtype: "f32",
      shape,
      read: () => ({ dtype: "f32", shape, data: uniform(own, shape, bound, middle) }),
    });
  };
  const linear = (name: string, rows: number, columns: number): void => {
    add(`${name}.weight`, [rows, columns], 0.1, 0);
    add(`${name}.norm.weight`, [columns], 0.25, 1);
  };
  add("model.embeddings.weight", [vocabulary, hidden], 1, 0);
  add("model.lower_bounds", [layers, hidden], 1, 0);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}.`;
    add(`${prefix}attn_norm.weight`, [hidden], 0.25, 1);
    for (const gate of ["i", "f", "g", "o"]) linear(`${prefix}attn.${gate}_proj`, hidden, hidden);
    add(`${prefix}attn.g_norm.weight`, [hidden], 0.25, 1);
    add(`${prefix}mlp_norm.weight`, [hidden], 0.25, 1);
    linear(`${prefix}mlp.gate_proj`, 2 * inner, hidden);
    linear(`${prefix}mlp.down_proj`, hidden, inner);
  }
  add("model.norm.weight", [hidden], 0.25, 1);
  linear("lm_head", vocabulary, hidden);
  return tensors;
}

/** Uniform float32 in `middle ± bound`. */
function uniform(
  seed: number,
  shape: readonly number[],
  bound: number,
  middle: number,
): Float32Array {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  for (let i = 0; i < values.length; i++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    values[i] = middle + bound * (state / 2 ** 31 - 1);
  }
  return values;
}
