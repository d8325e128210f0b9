/** Small Llamas that any run can rebuild, and a float64 forward pass that shares nothing with the code under test. */
import { compileTextModel } from "../../src/compile/text.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { buildSeeded } from "../golden/seeded.ts";
import type { Layout } from "../golden/seeded.ts";

/** Sizes of a network. */
export interface Sizes {
  readonly vocabulary: number;
  readonly depth: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly hidden: number;
  readonly tied: boolean;
  /** Channels; default: those of all heads together. */
  readonly width?: number;
  readonly interleaved?: boolean;
  readonly theta?: number;
  readonly context?: number;
}

/** config.json of a network. */
export function configOf(sizes: Sizes): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: sizes.vocabulary,
    hidden_size: widthOf(sizes),
    num_hidden_layers: sizes.depth,
    num_attention_heads: sizes.heads,
    num_key_value_heads: sizes.kvHeads,
    head_dim: sizes.headSize,
    intermediate_size: sizes.hidden,
    max_position_embeddings: sizes.context ?? 64,
    rms_norm_eps: 1e-5,
    rope_theta: sizes.theta ?? 10_000,
    tie_word_embeddings: sizes.tied,
    ...sizes.interleaved && { rope_interleaved: true },
    bos_token_id: 1,
    eos_token_id: 2,
  };
}

export function widthOf({ width, heads, headSize }: Sizes): number {
  return width ?? heads * headSize;
}

/** Tensors of a network, the same for the same seed. */
export function weightsOf(sizes: Sizes, seed = 7): Map<string, Tensor> {
  const { vocabulary, depth, heads, kvHeads, headSize, hidden, tied } = sizes;
  const width = widthOf(sizes);
  const linear = (name: string, n: number, k: number): Layout[number] => [
    `${name}.weight`,
    [n, k],
    Math.sqrt(3 / k),
    0,
  ];
  const norm = (name: string): Layout[number] => [`${name}.weight`, [width], 0.5, 1];
  const layout: Layout = [
    ["model.embed_tokens.weight", [vocabulary, width], 1, 0],
    ...Array.from({ length: depth }, (_, l) => `model.layers.${l}.`).flatMap((at) => [
      norm(`${at}input_layernorm`),
      linear(`${at}self_attn.q_proj`, heads * headSize, width),
      linear(`${at}self_attn.k_proj`, kvHeads * headSize, width),
      linear(`${at}self_attn.v_proj`, kvHeads * headSize, width),
      linear(`${at}self_attn.o_proj`, width, heads * headSize),
      norm(`${at}post_attention_layernorm`),
      linear(`${at}mlp.gate_proj`, hidden, width),
      linear(`${at}mlp.up_proj`, hidden, width),
      linear(`${at}mlp.down_proj`, width, hidden),
    ]),
    norm("model.norm"),
    ...tied ? [] : [linear("lm_head", vocabulary, width)],
  ];
  return buildSeeded(layout, seed);
}

/** A program of a network, as a file. */
export async function compileLlama(
  weights: ReadonlyMap<string, Tensor>,
  config: Readonly<Record<string, unknown>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { program } = await compileTextModel(lazyWeights(weights), { config });
  return await encodeProgram(program);
}

type Rows = number[][];

/** Logits of every token of one text, in float64. */
export function float64Logits(
  sizes: Sizes,
  weights: ReadonlyMap<string, Tensor>,
  ids: readonly number[],
): Rows {
  const { depth, heads, kvHeads, headSize, tied, interleaved = false, theta = 10_000 } = sizes;
  const matrix = (name: string): Rows => {
    const { shape: [rows, columns = 1], data } = weights.get(`${name}.weight`)!;
    const flat = Array.from(data as Float32Array);
    return Array.from({ length: rows }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
  };
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const linear = (x: Rows, name: string): Rows => {
    const w = matrix(name);
    return x.map((row) => w.map((column) => dot(row, column)));
  };
  const norm = (x: Rows, name: string): Rows => {
    const gamma = matrix(name).flat();
    return x.map((row) => {
      const r = 1 / Math.sqrt(dot(row, row) / row.length + 1e-5);
      return row.map((v, c) => v * r * gamma[c]);
    });
  };
  const rotate = (x: Rows): Rows =>
    x.map((row, position) => {
      const turned = [...row];
      for (let at = 0; at < row.length; at += headSize) {
        for (let i = 0; i < headSize / 2; i++) {
          const angle = position * theta ** (-2 * i / headSize);
          const [a, b] = interleaved
            ? [at + 2 * i, at + 2 * i + 1]
            : [at + i, at + i + headSize / 2];
          turned[a] = row[a] * Math.cos(angle) - row[b] * Math.sin(angle);
          turned[b] = row[a] * Math.sin(angle) + row[b] * Math.cos(angle);
        }
      }
      return turned;
    });
  const table = matrix("model.embed_tokens");
  let x = ids.map((id) => table[id]);
  const add = (a: Rows, b: Rows): Rows => a.map((row, t) => row.map((v, c) => v + b[t][c]));
  for (let l = 0; l < depth; l++) {
    const at = `model.layers.${l}`;
    const h = norm(x, `${at}.input_layernorm`);
    const q = rotate(linear(h, `${at}.self_attn.q_proj`));
    const k = rotate(linear(h, `${at}.self_attn.k_proj`));
    const v = linear(h, `${at}.self_attn.v_proj`);
    const context = q.map((row, t) =>
      Array.from({ length: heads }, (_, head) => {
        const kv = Math.floor(head * kvHeads / heads) * headSize;
        const query = row.slice(head * headSize, (head + 1) * headSize);
        const scores = k.slice(0, t + 1).map((key) =>
          dot(query, key.slice(kv, kv + headSize)) / Math.sqrt(headSize)
        );
        const most = Math.max(...scores);
        const e = scores.map((score) => Math.exp(score - most));
        const sum = e.reduce((a, b) => a + b);
        return Array.from(
          { length: headSize },
          (_, d) => e.reduce((total, p, j) => total + p / sum * v[j][kv + d], 0),
        );
      }).flat()
    );
    x = add(x, linear(context, `${at}.self_attn.o_proj`));
    const g = norm(x, `${at}.post_attention_layernorm`);
    const gate = linear(g, `${at}.mlp.gate_proj`), up = linear(g, `${at}.mlp.up_proj`);
    const product = gate.map((row, t) => row.map((a, c) => a / (1 + Math.exp(-a)) * up[t][c]));
    x = add(x, linear(product, `${at}.mlp.down_proj`));
  }
  return linear(norm(x, "model.norm"), tied ? "model.embed_tokens" : "lm_head");
}
