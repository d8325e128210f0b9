import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import {
  attentionScores,
  attentionValues,
  embedding,
  linear,
  rmsNormalization,
  rotary,
  sliceColumns,
  softmax,
  swiglu,
  transpose,
} from "../../graph/ops/mod.ts";
import type { TrainedLayers } from "../../models/trained_layers.ts";
import { cosineAndSine, rotaryFrequencies } from "../../numeric/phase.ts";
import { HEAD_SIZE, INITIAL_BOUND } from "./language_sizes.ts";
import type { LanguageSizes } from "./language_sizes.ts";

/** Of the norms, and θ of the rotary embedding, as `LlamaForCausalLM` has them. */
const EPSILON = 1e-6, THETA = 10_000;

/**
 * A Llama as it is trained, in float32: names of Hugging Face, but channels that turn together are neighbours. Of the
 * ids of windows of equal length, one after the other, the logits `[ids, V]`, to the bit those that the exported model gives.
 * The width is a multiple of 32, the size of a head.
 */
export function llama(
  layers: TrainedLayers,
  ids: Value,
  sizes: LanguageSizes,
  windows: number,
): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const { vocabulary, width, depth, hidden } = sizes;
  const rows = ids.shape[0] as number;
  const tokens = rows / windows;
  const heads = width / HEAD_SIZE;
  const weight = (name: string, shape: readonly number[]): Value =>
    layers.parameter({ name, shape, bound: INITIAL_BOUND, offset: 0 });
  const norm = (x: Value, name: string): Value =>
    graph.apply(rmsNormalization, { x, gamma: layers.vector(`${name}.weight`, width, 1) }, {
      epsilon: EPSILON,
    });
  const by = (x: Value, name: string, outputs: number): Value =>
    graph.apply(linear, { x, weight: weight(`${name}.weight`, [outputs, x.shape[1] as number]) });
  const angles = build.constant([rows, 2, HEAD_SIZE / 2], anglesOf(windows, tokens));
  const planes = (x: Value): Value => build.reshape(x, [windows, tokens, width]);
  const table = weight("model.embed_tokens.weight", [vocabulary, width]);
  let x = graph.apply(embedding, { table, index: ids });
  for (let l = 0; l < depth; l++) {
    const at = `model.layers.${l}`;
    const h = norm(x, `${at}.input_layernorm`);
    const turned = (of: string): Value =>
      planes(graph.apply(rotary, { x: by(h, `${at}.self_attn.${of}_proj`, width), angles }));
    const parts = {
      q: turned("q"),
      k: turned("k"),
      v: planes(by(h, `${at}.self_attn.v_proj`, width)),
    };
    const context = build.reshape(causalAttention(build, parts, heads), [rows, width]);
    x = build.add(by(context, `${at}.self_attn.o_proj`, width), x);
    const m = norm(x, `${at}.post_attention_layernorm`);
    const product = graph.apply(swiglu, {
      gate: by(m, `${at}.mlp.gate_proj`, hidden),
      up: by(m, `${at}.mlp.up_proj`, hidden),
    });
    x = build.add(by(product, `${at}.mlp.down_proj`, width), x);
  }
  return by(norm(x, "model.norm"), "lm_head", vocabulary);
}

/**
 * Attention to a row itself and those before it, in the order of operations of `attention_cached_f32`: a score is four
 * strided partial sums, `(a₀ + a₂) + (a₁ + a₃)`.
 */
function causalAttention(
  build: NodeBuilder,
  { q, k, v }: { readonly q: Value; readonly k: Value; readonly v: Value },
  heads: number,
): Value {
  const { graph } = build;
  const [windows, tokens, width] = q.shape as number[];
  const part = width / 4;
  // Channels of all heads by their place in four.
  const strided = (x: Value): Value => {
    const fours = build.reshape(x, [windows * tokens, part, 4]);
    const turned = graph.apply(transpose, { x: fours }, { perm: [0, 2, 1] });
    return build.reshape(turned, [windows, tokens, width]);
  };
  const [a, b] = [strided(q), strided(k)];
  const sums = [0, 1, 2, 3].map((i) => {
    const cut = { start: i * part, end: (i + 1) * part };
    const of = (x: Value): Value => graph.apply(sliceColumns, { x }, cut);
    return graph.apply(attentionScores, { q: of(a), k: of(b) }, { heads, scale: 1 });
  });
  const scores = build.add(build.add(sums[0], sums[2]), build.add(sums[1], sums[3]));
  const mask = Array.from(
    { length: tokens * tokens },
    (_, at) => at % tokens > Math.floor(at / tokens) ? -Infinity : 0,
  );
  const scaled = build.scale(scores, 1 / Math.sqrt(HEAD_SIZE));
  const x = build.add(scaled, build.constant([tokens, tokens], mask));
  return graph.apply(attentionValues, { p: graph.apply(softmax, { x }), v });
}

/** Cosines and sines of the places in each window, with the bits that `rotary_angles_f32` gives. */
function anglesOf(windows: number, tokens: number): Float32Array {
  const frequencies = rotaryFrequencies(THETA, HEAD_SIZE);
  const one = Array.from({ length: tokens }, (_, t) => {
    const pairs = Array.from(frequencies, (f) => cosineAndSine(Math.imul(t, f)));
    return [0, 1].flatMap((row) => pairs.map((pair) => pair[row]));
  }).flat();
  const all = new Float32Array(windows * one.length);
  for (let w = 0; w < windows; w++) all.set(one, w * one.length);
  return all;
}
