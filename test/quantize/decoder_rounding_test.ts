/** Weights that are rounded for divided activations beside the same network with the divisors in its weights. */
import assert from "node:assert/strict";
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import {
  calibrateTextModel,
  parametersOfRanges,
  roundIntegerText,
} from "../../src/compile/integer_text.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import type { RoundedWeight } from "../../src/quantize/rounded_weights.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 30,
  width: 20,
  tied: true,
  context: 48,
} as const;
const random = new Random(8);
const WINDOWS = Array.from(
  { length: 4 },
  () => Array.from({ length: 30 }, () => random.integer(0, 60)),
);
/** What computes a site, a row a channel, and what reads it. */
const SITES = {
  norm1: {
    from: "input_layernorm",
    to: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  },
  norm2: { from: "post_attention_layernorm", to: ["mlp.gate_proj", "mlp.up_proj"] },
  down: { from: "mlp.up_proj", to: ["mlp.down_proj"] },
} as const;

/** Powers of two, by which float32 numbers are multiplied without an error. */
function divisorsOf(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => 2 ** random.integer(0, 4));
}

/** The network that computes channels divided, with weights that make up for it. */
function divided(
  weights: ReadonlyMap<string, Tensor>,
  divisors: ReadonlyMap<string, Float32Array>,
): Map<string, Tensor> {
  const changed = new Map(weights);
  const change = (name: string, of: (x: number, row: number, column: number) => number): void => {
    const { shape, data } = changed.get(name)!;
    const columns = shape[1] ?? 1;
    const moved = (data as Float32Array).map((x, i) => of(x, Math.floor(i / columns), i % columns));
    changed.set(name, { dtype: "f32", shape, data: moved });
  };
  for (let layer = 0; layer < SIZES.depth; layer++) {
    for (const [site, { from, to }] of Object.entries(SITES)) {
      const d = divisors.get(`layers.${layer}.${site}`)!;
      change(`model.layers.${layer}.${from}.weight`, (x, row) => x / d[row]);
      for (const name of to) {
        change(`model.layers.${layer}.${name}.weight`, (x, _, column) => x * d[column]);
      }
    }
  }
  return changed;
}

async function roundedOf(
  weights: ReadonlyMap<string, Tensor>,
  divisors: ReadonlyMap<string, Float32Array>,
): Promise<Map<string, RoundedWeight>> {
  const checkpoint: TextCheckpoint = { weights: lazyWeights(weights), config: configOf(SIZES) };
  const ranges = await calibrateTextModel(checkpoint, WINDOWS);
  const params = parametersOfRanges(checkpoint, ranges, WINDOWS, divisors);
  const blocks = await Array.fromAsync(roundIntegerText(checkpoint, params, { bits: "w4a8" }));
  return new Map(blocks.flatMap((block) => [...block]));
}

Deno.test("codes for divided activations are those of the network that computes them divided", async () => {
  const weights = weightsOf(SIZES, 5);
  const divisors = new Map(
    Array.from({ length: SIZES.depth }).flatMap((_, layer) =>
      Object.keys(SITES).map((site) =>
        [
          `layers.${layer}.${site}`,
          divisorsOf(site === "down" ? SIZES.hidden : SIZES.width),
        ] as const
      )
    ),
  );
  const rounded = await roundedOf(weights, divisors);
  const expected = await roundedOf(divided(weights, divisors), new Map());
  assert.equal(rounded.size, 7 * SIZES.depth);
  for (const [name, { scales, ...codes }] of rounded) {
    const { scales: others, ...rest } = expected.get(name)!;
    // Rows of `up` were divided, so that their steps are.
    if (!name.endsWith("up_proj")) assert.deepEqual(scales, others, name);
    assert.deepEqual(codes, rest, name);
  }
});
