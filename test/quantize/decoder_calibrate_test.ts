/** From ranges to grids, by hand. */
import assert from "node:assert/strict";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { gridsOfRanges } from "../../src/quantize/decoder_calibrate.ts";
import type { Shrinking } from "../../src/quantize/decoder_calibrate.ts";
import { residualLimits } from "../../src/quantize/decoder_grids.ts";
import type { DecoderGrids } from "../../src/quantize/decoder_grids.ts";
import { configOf } from "../models/_llama.ts";

const CONFIG = llamaConfig(configOf({
  vocabulary: 3,
  depth: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 2,
  hidden: 5,
  tied: true,
}));
const range = (low: readonly number[], high: readonly number[]) => ({
  low: Float32Array.from(low),
  high: Float32Array.from(high),
});
const CHANNELS = {
  norm1: range([-1, -2, -1, -8], [1, 1, 1, 2]),
  norm2: range([-1, -1, -1, -1], [1, 1, 1, 1]),
  q: range([-3, -1, -1, -4], [1, 2, 1, 1]),
  k: range([-51, 0], [0, 255]),
  v: range([1, 2], [3, 51]),
  context: range([-1, -1, -1, -1], [0, 0, 0, 1]),
  gate: range([-4, -1, -1, -1, -1], [0, 0, 0, 0, 4.19]),
  up: range([-1, -1, -1, -1, -6], [1, 1, 1, 1, 1]),
  down: range([-1, -2, -3, -4, -10], [0, 1, 1, 1, 1]),
};

function grids(down: Shrinking, residual = 1): DecoderGrids {
  return gridsOfRanges(CONFIG, {
    residual,
    channels: new Map([
      ["norm", range([-8191, 0, 0, 0], [1, 1, 1, 1])] as const,
      ...Object.entries(CHANNELS).map(([site, r]) => [`layers.0.${site}`, r] as const),
    ]),
    prefix: {
      ids: [1],
      rows: new Map([
        ["layers.0.k", Float32Array.of(-51, 255)],
        ["layers.0.v", Float32Array.of(1, 51)],
      ]),
      logits: Float64Array.of(1, -0.5, 0.0001220703125),
    },
  }, { norms: { quantile: 0.5, power: 0.5 }, down });
}

const near = (actual: ArrayLike<number>, expected: readonly number[]): void => {
  assert.equal(actual.length, expected.length);
  expected.forEach((x, i) => assert.ok(Math.abs(actual[i] / x - 1) < 1e-6, `${i}: ${actual[i]}`));
};

Deno.test("grids of each site", () => {
  const { grids: all, prefix } = grids({ quantile: 0.5, power: 1 });
  const of = (site: string) => all.get(`layers.0.${site}`)!;
  // Magnitudes 1 2 1 8, their median 1.5: the square root of how many times that.
  near(of("norm1").divisors!, [1, Math.sqrt(2 / 1.5), 1, Math.sqrt(8 / 1.5)]);
  const [low, high] = [-8 / Math.sqrt(8 / 1.5), 1];
  near(of("norm1").scales, [(high - low) / 255]);
  assert.deepEqual([...of("norm1").zeros], [Math.round(-low / ((high - low) / 255)) - 128]);
  near(of("down").divisors!, [1, 1, 1, 4 / 3, 10 / 3]);
  near(of("up").scales, [2 * 6 / (10 / 3) / 32767]);
  // A pair of keys has the scale that fits both, whatever its angle.
  near(of("k").scales, [Math.hypot(51, 255) / 255, Math.hypot(51, 255) / 255]);
  assert.deepEqual([...of("k").zeros], [-128 + 50, -128]);
  const [key] = of("k").scales;
  near(of("q").scales, [3 * key / 127, 4 * key / 127]);
  near(of("v").scales, [51 / 255]);
  assert.deepEqual([...of("v").zeros], [-128]);
  near(of("gate").scales, [8.19 / 4095]);
  assert.deepEqual([...of("gate").zeros], [2000 - 2048]);
  near(all.get("norm")!.scales, [1]);
  assert.deepEqual([...prefix.rows.get("layers.0.k")!], [-128, 122]);
  assert.deepEqual([...prefix.rows.get("layers.0.v")!], [-123, 127]);
  assert.deepEqual([...prefix.logits], [4096, -2048, 0]);
});

Deno.test("shrinking by another quantile, or not at all", () => {
  const of = (down: Shrinking) => grids(down).grids.get("layers.0.down")!.divisors!;
  // Magnitudes 1 2 3 4 10: between the last two lies 0.9, at 4 + 0.6·6.
  near(of({ quantile: 0.9, power: 1 }), [1, 1, 1, 1, 10 / 7.6]);
  near(of({ quantile: 0.5, power: 0 }), [1, 1, 1, 1, 1]);
});

Deno.test("the residual has as many fractional bits as leave room for four times its largest", () => {
  assert.equal(grids({ quantile: 0.5, power: 0 }, 1).residualBits, 16);
  const bits = grids({ quantile: 0.5, power: 0 }, 2 ** 20).residualBits;
  const { limit } = residualLimits(4, 1e-5, bits);
  assert.ok(4 * 2 ** 20 * 2 ** bits <= limit && 8 * 2 ** 20 * 2 ** bits > limit, `${bits}`);
});

Deno.test("sums of squares within the limit stay below 2^62", () => {
  for (const [width, bits] of [[64, 16], [576, 14], [1, 0], [4096, 8]]) {
    const { epsilon, limit } = residualLimits(width, 1e-5, bits);
    const sum = (r: number) => BigInt(width) * BigInt(r) ** 2n + BigInt(epsilon);
    assert.ok(sum(limit) < 2n ** 62n && sum(limit + 1) >= 2n ** 62n);
    assert.ok(epsilon >= 1);
  }
});
