/** Token tables and positions in integers beside real ones. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { rewriteIntegers } from "../../src/quantize/rewriter.ts";
import { Random } from "../conformance/_random.ts";
import { assertNear, constant, integers, methodOf, runIntegers } from "./_method.ts";

const [V, P] = [7, 6];
const random = new Random(101);

function network(tableBits: 4 | 8, width = 64) {
  const words = Float32Array.from(
    { length: V * width },
    (_, i) => (random.unit() * 2 - 1) * (1 + Math.floor(i / width)) / V,
  );
  const positions = Float32Array.from({ length: P * width }, () => (random.unit() * 2 - 1) / 4);
  const graph = new Graph();
  const tokens = graph.symbol("tokens", 64, 64);
  const ids = graph.input("ids", "i32", [tokens], { check: "below", limit: V });
  const offsets = graph.input("offsets", "i32", [{ ...graph.symbol("texts", 8, 8), plus: 1 }], {
    check: "offsets",
    limit: tokens,
  });
  const rows = graph.apply(ops.embedding, {
    table: constant(graph, "words", [V, width], words),
    index: ids,
  });
  const table = constant(graph, "positions", [P, width], positions);
  graph.output(
    "y",
    graph.apply(ops.addPositions, { x: rows, positions: table, offsets }, {}, { output: "y" }),
  );
  const method = methodOf({ positions: { bits: 16 }, y: { bits: 16 } }, {
    text: {
      tableBits,
      // Shorter than the table of positions.
      maxTokens: 4,
      scores: (name) => ({ name, bits: 8 }),
      single: false,
    },
  });
  return { graph, words, positions, method };
}

const ids = Int32Array.of(6, 0, 3, 3, 5);
const offsets = Int32Array.of(0, 2, 5);
const scales = { positions: Math.fround(0.25 / 32767), y: Math.fround(1.5 / 32767) };
const main = [{ from: "main", to: "main" }];

for (const bits of [8, 4] as const) {
  Deno.test(`a token table of ${bits} bits: rows of the tokens plus positions within texts`, async () => {
    const { graph, words, positions, method } = network(bits);
    const integer = rewriteIntegers(graph, method, main);
    const { y } = await runIntegers(integer, scales, { ids, offsets }, { tokens: 5, texts: 2 });
    const at = [0, 1, 0, 1, 2];
    const real = Array.from({ length: 5 * 64 }, (_, i) => {
      const [t, c] = [Math.floor(i / 64), i % 64];
      return words[ids[t] * 64 + c] + positions[at[t] * 64 + c];
    });
    // Of a row whose largest element is 1, half a step; in 4 bits the largest may be cut by a quarter.
    const bound = bits === 8 ? 0.5 / 127 : 0.25;
    assertNear(y.map((code) => code * scales.y), real, bound + 2 * scales.y);
    // What calibration sees is what the codes stand for.
    const { source } = integer.sites.find(({ site }) => site.name === "y")!;
    assert.ok(source.kind === "tokens");
    if (source.kind !== "tokens") return;
    const one = source.of(ids.subarray(2));
    assertNear(y.slice(2 * 64).map((code) => code * scales.y), one, 1.5 * scales.y);
  });
}

Deno.test("a table of 4 bits has one shift, and multipliers that fit it", () => {
  const { graph, method } = network(4);
  const integer = rewriteIntegers(graph, method, main);
  const { inputs } = integer.graph.nodes.find(({ op }) => op === "EmbeddingInteger")!;
  const known = new Map(Object.entries(scales));
  const data = (
    name: string,
  ) => [...integer.graph.constants.get(inputs[name]!.id)!.tensor(known).data as Int32Array];
  const [multipliers, [shift]] = [data("multiplier"), data("shift")];
  assert.equal(data("shift").length, 1);
  assert.ok(Math.max(...multipliers) >= 2 ** 30 && Math.max(...multipliers) < 2 ** 31);
  // Row r has a largest element of (r + 1)/7.
  multipliers.forEach((multiplier, row) => {
    const expected = multipliers[V - 1] * (row + 1) / V;
    assert.ok(Math.abs(multiplier / expected - 1) < 0.1, `row ${row}: ${multiplier}, ${shift}`);
  });
});

Deno.test("a table of 4 bits needs a width of whole groups", () => {
  const { graph, method } = network(4, 40);
  assert.throws(() => rewriteIntegers(graph, method, main), {
    code: "unsupported",
    message: /width 40 is no multiple of 32/,
  });
});

Deno.test("only positions that texts can have are codes; positions need tokens", () => {
  const { graph, method } = network(8);
  const integer = rewriteIntegers(graph, method, main);
  assert.deepEqual(integer.sites.map(({ site: { name } }) => name), ["positions", "y"]);
  assert.deepEqual(integer.sites[0].output.shape, [4, 64]);
  const other = new Graph();
  const x = other.input("x", "f32", [3, 4]);
  const bounds = other.input("offsets", "i32", [2], { check: "offsets", limit: 3 });
  const positions = constant(other, "positions", [3, 4], Array(12).fill(1));
  other.output("y", other.apply(ops.addPositions, { x, positions, offsets: bounds }));
  assert.throws(
    () => rewriteIntegers(other, methodOf({ x: { bits: 8 } }), main),
    { code: "unsupported", message: /AddPositions/ },
  );
});

Deno.test("pixels of bytes become codes by a table for each channel", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 3, 2, 2]);
  graph.output("y", graph.apply(ops.patches, { x }, { patch: 2, order: "channels_first" }));
  const pixelTable = Float32Array.from(
    { length: 3 * 256 },
    (_, i) => (i % 256 - 100 * Math.floor(i / 256)) / 64,
  );
  const network = integers(graph, { x: { bits: 8 } }, {}, { pixelTable });
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
  const { y } = await runIntegers(network, { x: 1 / 32 }, { pixels });
  // Channels last, as the patches have them.
  const expected = Array.from(pixels, (pixel, i) => Math.round((pixel - 100 * (i % 3)) / 2));
  assertNear(y, expected.map((code) => Math.max(-128, Math.min(127, code))), 0.5);
  assert.throws(
    () =>
      rewriteIntegers(graph, methodOf({ x: { bits: 8 } }), [{
        from: "main",
        to: "main",
        pixelTable: new Float32Array(256),
      }]),
    { code: "shape_mismatch", message: /3 channels, the preprocessing 1/ },
  );
});
