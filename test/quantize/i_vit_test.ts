/** On which grids I-ViT has the values of a vision transformer. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { iVitSites, quantizeIVit } from "../../src/quantize/i_vit.ts";
import { quantizeParameters } from "../../src/quantize/integer_parameters.ts";
import { SiteTable } from "../../src/quantize/sites.ts";
import { attempt } from "../_attempt.ts";
import { assertNear, constant, runIntegers } from "./_method.ts";

const [B, L, C] = [2, 5, 4];

/** Named nodes on `[2, 5, 4]`. */
class Network {
  readonly graph = new Graph();

  ones(name: string, ...shape: number[]): Value {
    return constant(this.graph, name, shape, Array(shape.reduce((a, b) => a * b, 1)).fill(1));
  }

  linear(x: Value, output: string): Value {
    const weight = this.ones(`${output}.w`, C, C);
    return this.graph.apply(ops.linear, { x, weight }, {}, { name: output, output });
  }

  norm(x: Value, output: string): Value {
    const scale = this.ones(`${output}.g`, C);
    return this.graph.apply(ops.layerNormalization, { x, scale }, { epsilon: 0 }, {
      name: output,
      output,
    });
  }

  add(a: Value, b: Value, output: string): Value {
    return this.graph.apply(ops.add, { a, b }, {}, { output });
  }

  /** The sites of all named values. */
  sites(): Record<string, string> {
    const table = new SiteTable(this.graph, this.graph.outputs, iVitSites(this.graph));
    const values = [
      ...this.graph.inputs,
      ...[...this.graph.constants.values()].map(({ value }) => value),
      ...this.graph.nodes.map(({ outputs }) => outputs.y),
    ];
    return Object.fromEntries(
      values.filter(({ name }) => name !== "").map((value) => [
        value.name,
        table.of(value).map(({ name, bits }) => `${name} ${bits}`).join(", "),
      ]),
    );
  }
}

Deno.test("a block of a DeiT: 16 bits on the residual, 8 for layers, none for softmax and logits", () => {
  const net = new Network();
  const { graph } = net;
  const image = graph.input("image", "f32", [B, L - 1, C]);
  const patches = net.linear(image, "patches");
  const rows = graph.apply(ops.concatRows, { first: net.ones("token", 1, C), x: patches }, {}, {
    output: "rows",
  });
  const sum = net.add(rows, net.ones("pos", L, C), "sum");
  const residual = graph.apply(ops.identity, { x: sum }, {}, { output: "residual" });
  const norm = net.norm(residual, "norm");
  const [q, k, v] = ["q", "k", "v"].map((name) => net.linear(norm, name));
  const scores = graph.apply(ops.attentionScores, { q, k }, { heads: 2, scale: 1 }, {
    output: "scores",
  });
  const p = graph.apply(ops.softmax, { x: scores }, {}, { output: "p" });
  const values = graph.apply(ops.attentionValues, { p, v }, {}, { output: "values" });
  const projected = net.linear(values, "projected");
  const second = net.add(projected, residual, "second");
  const norm2 = net.norm(second, "norm2");
  const gelu = graph.apply(ops.gelu, { x: net.linear(norm2, "fc1") }, {}, { output: "gelu" });
  const row = graph.apply(ops.selectRow, { x: gelu }, { row: 0 }, { output: "row" });
  graph.output("logits", net.linear(row, "head"));
  const sites = net.sites();
  assert.deepEqual(
    Object.fromEntries(Object.entries(sites).filter(([name]) => !/\.[gw]$/.test(name))),
    {
      // All inputs are on I-ViT's grid of images.
      image: "qact_input 8",
      token: "",
      pos: "pos 16",
      // Into a concatenation: the residual.
      patches: "patches 16",
      rows: "",
      sum: "sum 16",
      residual: "residual 16",
      norm: "norm 8",
      q: "q 8",
      k: "k 8",
      v: "v 8",
      scores: "scores 8",
      p: "",
      values: "values 8",
      // The branch of an addition; its identity has a site for itself.
      projected: "projected 16",
      second: "second 16",
      norm2: "norm2 8",
      fc1: "fc1 8",
      gelu: "gelu 8",
      // What is moved is read on the grid of what it was.
      row: "gelu 8",
      head: "",
    },
  );
  for (const [name, site] of Object.entries(sites)) {
    if (/\.[gw]$/.test(name)) assert.equal(site, "");
  }
});

Deno.test("scores with a relative bias have 8 bits, and so has its table", () => {
  const net = new Network();
  const { graph } = net;
  const q = graph.input("x", "f32", [B, 2, C]);
  const scores = graph.apply(ops.attentionScores, { q, k: q }, { heads: 2, scale: 1 }, {
    output: "scores",
  });
  const bias = graph.apply(
    ops.relativePositionBias,
    {
      table: net.ones("table", 3, 2),
      index: graph.constant("index", { dtype: "i32", shape: [4], data: new Int32Array(4) }),
    },
    {},
    { output: "bias" },
  );
  const p = graph.apply(ops.softmax, { x: net.add(scores, bias, "biased") }, {}, { output: "p" });
  graph.output("y", graph.apply(ops.attentionValues, { p, v: q }, {}, { output: "values" }));
  const { scores: first, biased, bias: table, index } = net.sites();
  assert.deepEqual([first, biased, table, index], ["scores 8", "biased 8", "table 8", ""]);
});

Deno.test("a constant that is added to scores has 8 bits, one that is added to rows 16", () => {
  const net = new Network();
  const q = net.graph.input("x", "f32", [B, 2, C]);
  const scores = net.graph.apply(ops.attentionScores, { q, k: q }, { heads: 2, scale: 1 }, {
    output: "scores",
  });
  net.graph.output("y", net.add(scores, net.ones("bias", 2, 2, 2), "biased"));
  net.graph.output("z", net.add(q, net.ones("rows", 2, C), "sum"));
  const { bias, rows } = net.sites();
  assert.deepEqual([bias, rows], ["bias 8", "rows 16"]);
});

const READERS: Readonly<Record<string, (net: Network, x: Value) => Value>> = {
  layer: (net, x) => net.linear(x, "reader"),
  norm: (net, x) => net.norm(x, "reader"),
  identity: (net, x) => net.graph.apply(ops.identity, { x }, {}, { output: "reader" }),
  branch: (net, x) => net.add(x, net.ones("c", C), "reader"),
  sum: (net, x) => net.add(net.graph.inputs[0], x, "reader"),
  output: (_, x) => x,
};

/** Bits of a value by who makes it and who reads it. */
const BITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  norm: { layer: 8, norm: 16, identity: 16, branch: 16, sum: 16, output: 8 },
  linear: { layer: 8, norm: 8, identity: 8, branch: 16, sum: 8 },
  add: { layer: 16, norm: 16, output: 16 },
  gelu: { layer: 8, norm: 8, sum: 8 },
};

const MAKERS: Readonly<Record<string, (net: Network, x: Value) => Value>> = {
  norm: (net, x) => net.norm(x, "value"),
  linear: (net, x) => net.linear(x, "value"),
  add: (net, x) => net.add(x, net.ones("d", C), "value"),
  gelu: (net, x) => net.graph.apply(ops.gelu, { x }, {}, { output: "value" }),
};

for (const [maker, readers] of Object.entries(BITS)) {
  for (const [reader, bits] of Object.entries(readers)) {
    Deno.test(`a ${maker} that is read by a ${reader} has ${bits} bits`, () => {
      const net = new Network();
      const value = MAKERS[maker](net, net.graph.input("x", "f32", [B, L, C]));
      net.graph.output("y", READERS[reader](net, value));
      assert.equal(net.sites().value, `value ${bits}`);
    });
  }
}

Deno.test("a mean of rows goes to a layer with 8 bits; a moved norm is seen through", () => {
  const net = new Network();
  const x = net.graph.input("x", "f32", [B, L, C]);
  const mean = net.graph.apply(ops.meanRows, { x: net.norm(x, "norm") }, {}, { output: "mean" });
  net.graph.output("y", net.linear(mean, "head"));
  const other = net.graph.apply(ops.meanRows, { x: net.norm(x, "norm3") }, {}, {
    output: "mean16",
  });
  net.graph.output("normed", net.norm(other, "after"));
  const moved = net.graph.apply(ops.reshape, { x: net.norm(x, "other") }, { shape: [L, B, C] });
  net.graph.output("z", net.norm(moved, "last"));
  const sites = net.sites();
  assert.deepEqual([sites.mean, sites.other, sites.norm], ["mean 8", "other 16", "norm 8"]);
  assert.equal(sites.mean16, "mean16 16");
});

Deno.test("entries for floats and for pixels share their constants and give the same logits", async () => {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, 3, 2, 2]);
  const patches = graph.apply(ops.patches, { x }, { patch: 2, order: "channels_first" });
  const weight = constant(graph, "w", [2, 12], Array.from({ length: 24 }, (_, i) => Math.cos(i)));
  graph.output(
    "logits",
    graph.apply(ops.linear, { x: patches, weight }, {}, { name: "head" }),
    "floats",
  );
  const pixelTable = Float32Array.from({ length: 768 }, (_, i) => (i % 256 - 128) / 40);
  const network = attempt(() =>
    quantizeIVit(graph, {
      nonlinear: "table",
      weightBits: 8,
      parameters: quantizeParameters(),
      pixelTable,
    })
  );
  assert.deepEqual(network.graph.outputs.map(({ name, entry }) => `${entry} ${name}`), [
    "main logits_i32",
    "main logits",
    "floats logits_i32",
    "floats logits",
  ]);
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => i * 23);
  const given = Float32Array.from({ length: 12 }, (_, i) => {
    const [c, at] = [Math.floor(i / 4), i % 4];
    return pixelTable[c * 256 + pixels[at * 3 + c]];
  });
  const scales = { qact_input: Math.fround(3.2 / 127) };
  const shown = await runIntegers(
    {
      ...network,
      graph: only(network.graph, "main"),
    },
    scales,
    { pixels },
  );
  const floats = await runIntegers(
    {
      ...network,
      graph: only(network.graph, "floats"),
    },
    scales,
    { x: given },
  );
  assert.deepEqual(shown, floats);
  const real = [0, 1].map((n) => {
    let sum = 0;
    for (let at = 0; at < 4; at++) {
      for (let c = 0; c < 3; c++) sum += Math.cos(n * 12 + at * 3 + c) * given[c * 4 + at];
    }
    return sum;
  });
  assertNear(shown.logits, real, 12 * (3.2 / 127 + 3.2 / 254));
});

/** The graph with the outputs of one entry. */
function only(graph: Graph, entry: string): Graph {
  const kept = graph.outputs.filter((output) => output.entry === entry);
  graph = Object.create(graph, { outputs: { value: kept } });
  return graph;
}
