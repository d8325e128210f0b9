/** Scales from what the integer network sees, against the definition on small networks. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { buildVisionModel } from "../../src/models/vision_model.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { calibrate, calibrateRuns } from "../../src/quantize/calibrate.ts";
import type { CalibrateOptions } from "../../src/quantize/calibrate.ts";
import { quantizeIVit } from "../../src/quantize/i_vit.ts";
import { quantizeParameters } from "../../src/quantize/integer_parameters.ts";
import { MovingMinMax } from "../../src/quantize/observer.ts";
import type { IntegerNetwork } from "../../src/quantize/integer_network.ts";
import type { Grid } from "../../src/quantize/sites.ts";
import { attemptAsync } from "../_attempt.ts";
import { Random } from "../conformance/_random.ts";
import { batch, folder } from "../training/_small_vit.ts";
import { assertNear, constant, integers } from "./_method.ts";

const C = 3;
const { fround } = Math;
const options: CalibrateOptions = {
  entry: "main",
  load: async (program, symbols) => loadReference(await encodeProgram(program), { symbols }),
  batchSize: 4,
};

/** A network on x `[batch, 3]`. */
function network(
  make: (graph: Graph, x: Value) => Value,
  grids: Readonly<Record<string, Grid>>,
): IntegerNetwork {
  const graph = new Graph();
  const x = graph.input("x", "f32", [graph.symbol("batch", 64), C]);
  graph.output("out", make(graph, x));
  return integers(graph, { x: { bits: 8 }, ...grids });
}

function layer(graph: Graph, x: Value, weights: readonly number[], output: string): Value {
  const weight = constant(graph, `${output}.w`, [weights.length / C, C], weights);
  return graph.apply(ops.linear, { x, weight }, {}, { name: output, output });
}

const scalesOf = async (
  net: IntegerNetwork,
  batches: readonly (readonly number[])[],
  more: Partial<CalibrateOptions> = {},
) => {
  const all = batches.map((batch) => Float32Array.from(batch));
  return Object.fromEntries(
    await attemptAsync(() => calibrate(net, all, { ...options, ...more })),
  );
};

const doubled = (graph: Graph, x: Value) => layer(graph, x, [2, 0, 0, 0, 2, 0], "y");

Deno.test("a scale is the largest magnitude over the largest code", async () => {
  const scales = await scalesOf(network(doubled, { y: { bits: 16 } }), [[1, -5, 3, 0.5, 2, -1]]);
  assert.equal(scales.x, fround(5 / 127));
  // Twice the codes of x, exactly: −127 is the largest.
  assertNear([scales.y], [2 * 5 / 32767], 1e-9);
});

Deno.test("what comes later sees codes: where the grid of x has lost it, nothing is left", async () => {
  // Channel 2 has steps of 1000/127: 3 is lost, 4 is one of them.
  for (const [value, expected] of [[3, 2 ** -23], [4, fround(1000 / 127) / 127]]) {
    const net = network((graph, x) => layer(graph, x, [0, 1, 0], "y"), { y: { bits: 8 } });
    const { y } = await scalesOf(net, [[1000, value, 0]]);
    assertNear([y], [expected], 1e-7);
  }
});

Deno.test("several batches: a moving average of extremes, of 5 % each", async () => {
  const net = network(doubled, { y: { bits: 16 } });
  const { x } = await scalesOf(net, [[10, 0, 0], [20, 1, -2, 4, 5, 6], [0, 0, 0]]);
  const second = fround(fround(fround(0.95) * 10) + fround(fround(0.05) * 20));
  const third = fround(fround(fround(0.95) * second) + 0);
  assert.equal(x, fround(third / 127));
});

Deno.test("percentile: of all values, outliers are passed over", async () => {
  const net = network(doubled, { y: { bits: 16 } });
  const batch = Array.from({ length: 30_000 }, (_, i) => (i % 1000) / 1000);
  batch[7] = 1e4;
  const many = { observer: "percentile", batchSize: 64 } as const;
  const small = Array.from({ length: 200 }, (_, i) => batch.slice(i * 150, i * 150 + 150));
  const { x } = await scalesOf(net, small, many);
  // Of the first batch it is one of 150; then less than one of 10,000.
  assert.ok(x < 2 / 127 && x >= 0.99 / 127, `${x}`);
});

Deno.test("constants are seen first, with every run, and what follows sees their codes", async () => {
  const seen: string[] = [];
  const net = network((graph, x) => {
    const b = constant(graph, "c", [C], [100, -300, 7]);
    return graph.apply(ops.add, { a: layer(graph, x, [1, 0, 0, 0, 1, 0, 0, 0, 1], "y"), b }, {}, {
      output: "sum",
    });
  }, { y: { bits: 16 }, c: { bits: 16 }, sum: { bits: 16 } });
  const run = { inputs: { x: Float32Array.of(1, 2, 3) }, symbols: { batch: 1 }, samples: 1 };
  const scales = await attemptAsync(() =>
    calibrateRuns(net, [run, run], {
      ...options,
      symbols: { max_batch: 1 },
      observer: (name) => ({
        observe(values) {
          seen.push(name);
          return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        },
      }),
    })
  );
  assert.deepEqual(seen, ["c", "x", "y", "sum", "c", "x", "y", "sum"]);
  assert.equal(scales.get("c"), fround(300 / 32767));
  assertNear([scales.get("sum")!], [298 / 32767], 1e-6);
});

Deno.test("a known range is the scale, whatever the values are, and is not observed", async () => {
  const net = network(doubled, { y: { bits: 16, range: [-2, 1] }, x: { bits: 8, range: [0, 3] } });
  const scales = await scalesOf(net, [[100, 50, 25]]);
  assert.deepEqual(scales, { x: fround(3 / 127), y: fround(2 / 32767) });
  // Nothing is refused that is not observed.
  assert.deepEqual(await scalesOf(net, [[NaN, 0, 0]]), scales);
});

Deno.test("a value that is not finite is refused with its name", async () => {
  const net = network(doubled, { y: { bits: 16 } });
  for (const value of [NaN, Infinity]) {
    await assert.rejects(
      calibrate(net, [Float32Array.of(1, value, 0)], options),
      { code: "invalid_argument", message: /x: a value is not finite/ },
    );
  }
});

Deno.test("no batch is refused, samples are counted, a signal stops", async () => {
  const net = network(doubled, { y: { bits: 16 } });
  await assert.rejects(calibrate(net, [], options), { code: "invalid_argument" });
  const progress: number[] = [];
  await scalesOf(net, [[1, 2, 3], [1, 2, 3, 4, 5, 6]], { onProgress: (n) => progress.push(n) });
  assert.deepEqual(progress, [1, 3]);
  const reason = new Error("stop");
  await assert.rejects(
    calibrate(net, [Float32Array.of(1, 2, 3)], { ...options, signal: AbortSignal.abort(reason) }),
    reason,
  );
});

/** What the observer of each site is shown in one run. */
async function shown(
  net: IntegerNetwork,
  inputs: Readonly<Record<string, Float32Array | Int32Array>>,
  symbols: Readonly<Record<string, number>> = {},
): Promise<Map<string, { values: number[]; channels: number }>> {
  const seen = new Map<string, { values: number[]; channels: number }>();
  const bounds = Object.entries(symbols).map(([name, value]) => [`max_${name}`, value]);
  await attemptAsync(() =>
    calibrateRuns(net, [{ inputs, symbols, samples: 1 }], {
      ...options,
      symbols: Object.fromEntries(bounds),
      observer: (name) => ({
        observe(values, channels) {
          seen.set(name, { values: [...values], channels });
          return 127;
        },
      }),
    })
  );
  return seen;
}

Deno.test("images have their channels in axis 1: element i belongs to channel i mod channels", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 2, 1, 3]);
  graph.output("y", graph.apply(ops.patches, { x }, { patch: 1, order: "channels_first" }));
  const net = integers(graph, { x: { bits: 8 } });
  assert.deepEqual((await shown(net, { x: Float32Array.of(1, 2, 3, 10, 20, 30) })).get("x"), {
    values: [1, 10, 2, 20, 3, 30],
    channels: 2,
  });
});

Deno.test("sums have the scales of their channels; a residual is added", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, C]);
  const y = layer(graph, x, [127, 0, 0, 0, 12.7, 0, 0, 0, 1.27], "y");
  graph.output("sum", graph.apply(ops.add, { a: y, b: x }, {}, { output: "sum" }));
  const net = integers(graph, { x: { bits: 8 }, y: { bits: 16 }, sum: { bits: 16 } });
  // A magnitude of 127 is a scale of 1 in 8 bits.
  const seen = await shown(net, { x: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const product = [127, 25.4, 3.81, 508, 63.5, 7.62];
  assert.equal(seen.get("y")!.channels, 3);
  assertNear(seen.get("y")!.values, product, 1e-4);
  // y has steps of 127/32767, x of 1.
  const clamped = product.map((value) => Math.min(127, value));
  assertNear(seen.get("sum")!.values, clamped.map((value, i) => value + i + 1), 0.01);
});

Deno.test("scores have their heads as channels", async () => {
  const graph = new Graph();
  const q = graph.input("q", "f32", [1, 2, 2]);
  const scores = graph.apply(ops.attentionScores, { q, k: q }, { heads: 2, scale: 0.5 }, {
    output: "scores",
  });
  const p = graph.apply(ops.softmax, { x: scores }, {}, { output: "p" });
  graph.output("y", graph.apply(ops.attentionValues, { p, v: q }));
  const net = integers(graph, { q: { bits: 8 }, scores: { bits: 8 } });
  const seen = await shown(net, { q: Float32Array.of(1, 10, 2, 20) });
  // Head 0 has 1, 2; head 1 has 10, 20.
  assert.deepEqual(seen.get("scores"), {
    values: [0.5, 50, 1, 100, 1, 100, 2, 200],
    channels: 2,
  });
});

Deno.test("activations are those of codes, with what their channels are divided by", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 2]);
  const z = graph.apply(ops.identity, { x }, {}, { output: "z" });
  graph.output("y", graph.apply(ops.activation, { x: z }, { kind: "relu" }, { output: "y" }));
  const grids = (before?: Float32Array, after?: Float32Array): Record<string, Grid> => ({
    x: { bits: 8 },
    z: { bits: 8, ...before && { divisors: before } },
    y: { bits: 8, ...after && { divisors: after } },
  });
  const values = { x: Float32Array.of(-9, 8) };
  assert.deepEqual((await shown(integers(graph, grids()), values)).get("y"), {
    values: [0, 8],
    channels: 2,
  });
  const divided = grids(Float32Array.of(1, 2), Float32Array.of(1, 4));
  const seen = await shown(integers(graph, divided), values);
  assert.deepEqual([seen.get("z")!.values, seen.get("y")!.values], [[-9, 4], [0, 2]]);
});

Deno.test("rows of a class token are seen after those of the patches", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 1, 2]);
  const rows = graph.apply(ops.concatRows, {
    first: constant(graph, "token", [1, 2], [50, -60]),
    x,
  });
  const b = constant(graph, "pos", [2, 2], [1, 2, 3, 4]);
  graph.output("y", graph.apply(ops.add, { a: rows, b }, {}, { output: "y" }));
  const grids: Record<string, Grid> = { x: { bits: 8 }, pos: { bits: 16 }, y: { bits: 16 } };
  const seen = await shown(integers(graph, grids), { x: Float32Array.of(7, 8) });
  assertNear(seen.get("y")!.values, [10, 12, 51, -58], 127 / 32767);
});

Deno.test("codes that were moved are seen where they lie", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [2, C]);
  const y = layer(graph, x, [1, 0, 0, 0, 1, 0, 0, 0, 1], "y");
  const a = graph.apply(ops.reshape, { x: y }, { shape: [1, 2, C] });
  const moved = graph.apply(ops.reshape, { x: a }, { shape: [2, C] });
  graph.output("sum", graph.apply(ops.add, { a: moved, b: moved }, {}, { output: "sum" }));
  const grids: Record<string, Grid> = { x: { bits: 8 }, y: { bits: 8 }, sum: { bits: 8 } };
  const seen = await shown(integers(graph, grids), { x: Float32Array.of(1, 2, 3, 4, 5, 6) });
  assert.deepEqual(seen.get("sum"), { values: [2, 4, 6, 8, 10, 12], channels: C });
});

Deno.test("an observer of extremes finds in extremes of codes what it finds in all values", async () => {
  const { config, weights } = folder();
  const random = new Random(12);
  // A scale of a norm may be negative: its least code is its largest value.
  for (const [name, { data }] of weights) {
    if (!/norm\d\.weight$/.test(name)) continue;
    (data as Float32Array).forEach((_, c, gamma) => gamma[c] = random.unit() * 2 - 1);
  }
  const net = quantizeIVit(buildVisionModel(config, weights), {
    ...{ nonlinear: "shift", weightBits: 8 },
    parameters: quantizeParameters(),
  });
  const runs = Array.from({ length: 3 }, () => {
    const { images } = batch(random, 4);
    return { inputs: { image: images }, symbols: { batch: 4 }, samples: 4 };
  });
  const [all, extremes] = [0, 0].map(() => ({ values: 0 }));
  const seen = async (looksAtExtremes: boolean, count: { values: number }) =>
    await calibrateRuns(net, runs, {
      ...options,
      entry: "normalized",
      symbols: { max_batch: 4 },
      observer: () => {
        const own = new MovingMinMax();
        return {
          looksAtExtremes,
          observe(values, channels) {
            count.values += values.length;
            return own.observe(values, channels);
          },
        };
      },
    });
  const found = await seen(true, extremes);
  assert.equal(found.size, net.sites.length);
  assert.deepEqual(found, await seen(false, all));
  assert.ok(extremes.values < all.values / 2, `${extremes.values} of ${all.values}`);
});
