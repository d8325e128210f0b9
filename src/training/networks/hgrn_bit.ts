import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import {
  embedding,
  fusedBitLinear,
  lowerBounds,
  maximum,
  rmsNormalization,
  scan,
  sliceColumns,
  swiglu,
  transpose,
} from "../../graph/ops/mod.ts";
import type { TrainedLayers } from "../../models/trained_layers.ts";
import type { LanguageSizes } from "./language_sizes.ts";
import { INITIAL_BOUND } from "./language_sizes.ts";

/** Epsilon of all norms; the authors' kernel has its own, which is the same. */
const EPSILON = 1e-6;

/** What σ and SiLU count anything below as: e^89 has no float32. */
const LEAST = -88;

/**
 * A MatMul-free language model (HGRN-Bit) as it is trained: latent weights under the authors' names, which
 * `FusedBitLinear` makes trits, straight through. Of the ids of windows of equal length, one after the other, the
 * logits `[ids, V]`, to the bit those that the exported model gives.
 *
 * @param windows How many there are; the state of each begins from zero.
 * @param offsets Bounds of sequences within a window, where it has several; each begins from zero.
 */
export function hgrnBit(
  layers: TrainedLayers,
  ids: Value,
  sizes: LanguageSizes,
  windows: number,
  offsets: readonly number[] = [],
): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const { vocabulary, width, depth, hidden } = sizes;
  const tokens = ids.shape[0] as number / windows;
  const latent = (name: string, shape: readonly number[], bound = INITIAL_BOUND): Value =>
    layers.parameter({ name, shape, bound, offset: 0 });
  const norm = (x: Value, name: string): Value => {
    const gamma = layers.vector(`${name}.weight`, x.shape[1] as number, 1);
    return graph.apply(rmsNormalization, { x, gamma }, { epsilon: EPSILON });
  };
  const linear = (x: Value, name: string, outputs: number): Value => {
    const inputs = x.shape[1] as number;
    const weight = latent(`${name}.weight`, [outputs, inputs]);
    const gamma = layers.vector(`${name}.norm.weight`, inputs, 1);
    return graph.apply(fusedBitLinear, { x, gamma, weight }, { epsilon: EPSILON });
  };
  const table = latent("model.embeddings.weight", [vocabulary, width]);
  const lambda = latent("model.lower_bounds", [depth, width], 0);
  const bounds = build.reshape(graph.apply(lowerBounds, { x: lambda }), [1, depth * width]);
  let x = graph.apply(embedding, { table, index: ids });
  for (let l = 0; l < depth; l++) {
    const at = `model.layers.${l}`;
    const h = norm(x, `${at}.attn_norm`);
    const [u, z, p] = ["i", "f", "g"].map((of) => linear(h, `${at}.attn.${of}_proj`, width));
    const cut = { start: l * width, end: (l + 1) * width };
    const bound = l === 0
      ? undefined
      : build.reshape(graph.apply(sliceColumns, { x: bounds }, cut), [width]);
    const state = recurrence(build, { u, z, bound }, [windows, tokens], offsets);
    const gated = build.mul(norm(p, `${at}.attn.g_norm`), build.unary(state, "silu"));
    x = build.add(linear(gated, `${at}.attn.o_proj`, width), x);
    const both = linear(norm(x, `${at}.mlp_norm`), `${at}.mlp.gate_proj`, 2 * hidden);
    const half = (start: number): Value =>
      graph.apply(sliceColumns, { x: both }, { start, end: start + hidden });
    const product = graph.apply(swiglu, { gate: half(0), up: half(hidden) });
    x = build.add(linear(product, `${at}.mlp.down_proj`, width), x);
  }
  return linear(norm(x, "model.norm"), "lm_head", vocabulary);
}

/**
 * `f = σ(z)`, or `bound + (1 − bound)·σ(z)`; `S = f·S + (u·(1 − f)) / (1 + e^−u)` token after token, in the order of
 * operations of `hgrn_scan_f32`.
 */
function recurrence(
  build: NodeBuilder,
  { u, z, bound }: { readonly u: Value; readonly z: Value; readonly bound: Value | undefined },
  [windows, tokens]: readonly number[],
  offsets: readonly number[],
): Value {
  const { graph } = build;
  const width = u.shape[1] as number;
  const oneMinus = (x: Value): Value => build.scale(build.shift(x, -1), -1);
  const sigma = build.unary(z, "sigmoid");
  const f = bound === undefined ? sigma : build.add(build.mul(sigma, oneMinus(bound)), bound);
  const input = graph.apply(maximum, { a: u, b: build.scalar(LEAST) });
  const divisor = build.shift(build.unary(build.scale(input, -1), "exp"), 1);
  const candidate = build.div(build.mul(input, oneMinus(f)), divisor);
  // Channels of all windows side by side.
  const turned = (x: Value): Value => {
    const planes = build.reshape(x, [windows, tokens, width]);
    const byTime = graph.apply(transpose, { x: planes }, { perm: [1, 0, 2] });
    return build.reshape(byTime, [tokens, windows * width]);
  };
  const starts = offsets.slice(1, -1);
  const keeps = Array.from({ length: tokens }, (_, t) => starts.includes(t) ? 0 : 1);
  const forgets = starts.length === 0
    ? turned(f)
    : build.mul(turned(f), build.constant([tokens, 1], keeps));
  const states = graph.apply(scan, { f: forgets, x: turned(candidate) });
  const byWindow = build.reshape(states, [tokens, windows, width]);
  return build.reshape(graph.apply(transpose, { x: byWindow }, { perm: [1, 0, 2] }), u.shape);
}
