/** Attention in integers beside a real one, with a relative bias or a mask, and of ragged batches. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import type { TextSettings } from "../../src/quantize/rewriter.ts";
import { Random } from "../conformance/_random.ts";
import { assertNear, constant, integers, runIntegers } from "./_method.ts";

const [B, L, C, HEADS, ROOT] = [2, 4, 8, 2, 0.5];
const random = new Random(97);
const floats = (count: number, most = 1) =>
  Float32Array.from({ length: count }, () => (random.unit() * 2 - 1) * most);
const x = floats(B * L * C, 2);
const table = floats(5 * HEADS);
const pairs = Array.from({ length: L * L }, (_, i) => i * 7 % 5);
const mask = Uint8Array.from({ length: L * L }, (_, i) => i % 4 === 1 ? 1 : 0);

/** softmax(ROOT·x·xᵀ + bias)·x within blocks of rows. */
function attended(
  blocks: readonly (readonly [number, number])[],
  bias: (h: number, i: number, j: number) => number,
): number[] {
  const width = C / HEADS;
  return blocks.flatMap(([from, to]) =>
    Array.from({ length: (to - from) * C }, (_, at) => {
      const [i, c] = [Math.floor(at / C), at % C];
      const h = Math.floor(c / width);
      const powers = Array.from({ length: to - from }, (_, j) => {
        let dot = 0;
        for (let d = h * width; d < (h + 1) * width; d++) {
          dot += x[(from + i) * C + d] * x[(from + j) * C + d];
        }
        return Math.exp(ROOT * dot + bias(h, i, j));
      });
      const all = powers.reduce((a, b) => a + b);
      return powers.reduce((sum, power, j) => sum + power / all * x[(from + j) * C + c], 0);
    })
  );
}

const IMAGES = [[0, L], [L, 2 * L]] as const;
/** Scores are within 8 and their grid has 127 steps of them, x 127 of 2. */
const scales = { x: 2 / 127, scores: 8 / 127, biased: 8 / 127, table: 1 / 127, y: 2 / 127 };
const rounded = Object.fromEntries(Object.entries(scales).map(([k, v]) => [k, Math.fround(v)]));

function network(change: "plain" | "bias" | "mask", nonlinear: "table" | "shift") {
  const graph = new Graph();
  const q = graph.input("x", "f32", [B, L, C]);
  let scores = graph.apply(ops.attentionScores, { q, k: q }, { heads: HEADS, scale: ROOT }, {
    output: "scores",
  });
  if (change === "bias") {
    const b = graph.apply(
      ops.relativePositionBias,
      {
        table: constant(graph, "table", [5, HEADS], table),
        index: graph.constant("index", {
          dtype: "i32",
          shape: [L * L],
          data: Int32Array.from(pairs),
        }),
      },
      {},
      { output: "table!" },
    );
    scores = graph.apply(ops.add, { a: scores, b }, {}, { output: "biased" });
  }
  const hidden = change === "mask"
    ? graph.constant("mask", { dtype: "u8", shape: [1, L, L], data: mask })
    : undefined;
  const p = graph.apply(ops.softmax, { x: scores, mask: hidden }, {}, { output: "p" });
  graph.output("y", graph.apply(ops.attentionValues, { p, v: q }, {}, { output: "y" }));
  const grid = { bits: 8 } as const;
  const grids = { x: grid, scores: grid, biased: grid, "table!": grid, y: grid };
  return integers(graph, grids, { nonlinear });
}

for (const change of ["plain", "bias", "mask"] as const) {
  Deno.test(`attention, ${change}: within the grids of scores and values`, async () => {
    const named = { ...rounded, "table!": rounded.table };
    const { y } = await runIntegers(network(change, "table"), named, { x });
    const real = attended(
      IMAGES,
      (h, i, j) =>
        change === "bias"
          ? table[pairs[i * L + j] * HEADS + h]
          : change === "mask" && mask[i * L + j]
          ? -Infinity
          : 0,
    );
    // A score is off by a step or so, so a probability by 8/127 of itself, and a value by that of 2.
    assertNear(y.map((code) => code * scales.y), real, 2 * 8 / 127 + 2 / 127);
  });
}

Deno.test("Shiftmax has 16 bits, and 8 where scores have a bias", () => {
  const bits = (change: "plain" | "bias", nonlinear: "table" | "shift") => {
    const { graph } = network(change, nonlinear);
    return graph.nodes.find(({ op }) => op === "SoftmaxInteger")!.attributes;
  };
  assert.deepEqual(bits("plain", "shift"), { mode: "shift", bits: 16 });
  assert.deepEqual(bits("bias", "shift"), { mode: "shift", bits: 8 });
  assert.deepEqual(bits("bias", "table"), { mode: "table", bits: 16 });
});

for (const change of ["plain", "bias"] as const) {
  Deno.test(`attention with Shiftmax, ${change}: near a real one`, async () => {
    const named = { ...rounded, "table!": rounded.table };
    const { y } = await runIntegers(network(change, "shift"), named, { x });
    const real = attended(
      IMAGES,
      (h, i, j) => change === "bias" ? table[pairs[i * L + j] * HEADS + h] : 0,
    );
    assertNear(y.map((code) => code * scales.y), real, 0.25);
  });
}

function ragged(single: boolean) {
  const graph = new Graph();
  const tokens = graph.symbol("tokens", 64, 64);
  const q = graph.input("x", "f32", [tokens, C]);
  const offsets = graph.input("offsets", "i32", [{ ...graph.symbol("sequences", 8, 8), plus: 1 }], {
    check: "offsets",
    limit: tokens,
  });
  const y = graph.apply(ops.attentionRagged, { q, k: q, v: q, offsets }, {
    heads: HEADS,
    scale: ROOT,
  }, { output: "y" });
  graph.output("y", y);
  const pooled = graph.apply(ops.poolRows, { x: y, offsets }, { pooling: "sum" });
  graph.output("sums", pooled);
  const text: TextSettings = {
    tableBits: 8,
    maxTokens: 8,
    scores: (context) => ({ name: `${context}.scores`, bits: 8 }),
    single,
  };
  return integers(graph, { x: { bits: 8 }, y: { bits: 8 } }, { text });
}

Deno.test("ragged attention: within texts, and their sums", async () => {
  const named = { ...rounded, "y.scores": rounded.scores };
  const offsets = Int32Array.of(0, 3, 8);
  const { y, sums } = await runIntegers(ragged(false), named, { x, offsets }, {
    tokens: 8,
    sequences: 2,
  });
  assertNear(y.map((code) => code * scales.y), attended([[0, 3], [3, 8]], () => 0), 18 / 127);
  const rows = (from: number, to: number) =>
    Array.from({ length: C }, (_, c) => {
      let sum = 0;
      for (let t = from; t < to; t++) sum += y[t * C + c];
      return sum;
    });
  assert.deepEqual(sums, [...rows(0, 3), ...rows(3, 8)]);
});

Deno.test("ragged attention node by node gives the same integers, and shows its scores", async () => {
  const named = { ...rounded, "y.scores": rounded.scores };
  const one = { x: x.slice(0, 5 * C), offsets: Int32Array.of(0, 5) };
  const symbols = { tokens: 5, sequences: 1 };
  const single = ragged(true);
  assert.deepEqual(
    await runIntegers(single, named, one, symbols),
    await runIntegers(ragged(false), named, one, symbols),
  );
  assert.deepEqual(single.sites.map(({ site: { name } }) => name), ["x", "y.scores", "y"]);
  assert.ok(single.taps.has("y.softmax"));
});
