/** Float32 and ternary nodes that become one instruction, and those that must not. */
import * as ops from "../../src/graph/ops/mod.ts";
import type { Value } from "../../src/graph/graph.ts";
import { checkFusion, Net } from "./_check.ts";

const [ROWS, COLUMNS, LENGTH] = [3, 16, 4];

class FloatNet extends Net {
  readonly x = this.input("x", "f32", ROWS, COLUMNS);

  linear(x = this.x): Value {
    const weight = this.constant("f32", COLUMNS, COLUMNS);
    return this.graph.apply(ops.linear, { x, weight, bias: this.constant("f32", COLUMNS) });
  }

  bitLinear(x = this.x, epsilon = 1e-6): Value {
    const weight = this.graph.constant("", {
      dtype: "i8",
      shape: [COLUMNS, COLUMNS],
      data: Int8Array.from({ length: COLUMNS ** 2 }, () => this.random.integer(-1, 1)),
    });
    const gamma = this.constant("f32", COLUMNS);
    return this.graph.apply(ops.bitLinear, {
      x,
      gamma,
      weight,
      weightScale: this.given("f32", 0.75),
    }, {
      epsilon,
    });
  }

  norm(x = this.x): Value {
    const gamma = this.constant("f32", COLUMNS);
    return this.graph.apply(ops.rmsNormalization, { x, gamma }, { epsilon: 1e-5 });
  }

  add(a: Value, b: Value): Value {
    return this.graph.apply(ops.add, { a, b });
  }

  output(value: Value, name = "y"): Value {
    this.graph.output(name, value);
    return value;
  }
}

const CASES: readonly [name: string, make: (net: FloatNet) => Value, instructions: string[]][] = [
  ["a linear layer and a residual", (n) => n.add(n.linear(), n.x), ["linear_f32"]],
  ["… not with what repeats over rows", (n) => n.add(n.linear(), n.constant("f32", COLUMNS)), [
    "linear_f32",
    "add_f32",
  ]],
  ["… not where the layer is the second operand", (n) => n.add(n.x, n.linear()), [
    "linear_f32",
    "add_f32",
  ]],
  ["… not where the layer is an output", (n) => n.add(n.output(n.linear(), "inner"), n.x), [
    "linear_f32",
    "add_f32",
    "copy",
  ]],
  ["… not where the layer is read twice", (n) => {
    const layer = n.linear();
    n.output(n.graph.apply(ops.gelu, { x: layer }), "other");
    return n.add(layer, n.x);
  }, ["linear_f32", "gelu_f32", "add_f32"]],
  ["two ternary layers of one norm", (n) => {
    const norm = n.norm();
    n.output(n.bitLinear(norm), "other");
    return n.bitLinear(norm);
  }, ["rms_norm_quantize_i8", "linear_ternary", "linear_ternary"]],
  ["… with epsilons of their own, two sets of codes", (n) => {
    const norm = n.norm();
    n.output(n.bitLinear(norm, 1e-3), "other");
    return n.bitLinear(norm);
  }, ["rms_norm_quantize_i8", "linear_ternary", "rms_norm_quantize_i8", "linear_ternary"]],
  ["… not the norm where it is an output", (n) => {
    const norm = n.norm();
    n.output(norm, "norm");
    return n.bitLinear(norm);
  }, ["rms_norm_f32", "rms_norm_quantize_i8", "linear_ternary", "copy"]],
  ["… not the norm where something else reads it", (n) => {
    const norm = n.norm();
    n.output(n.graph.apply(ops.gelu, { x: norm }), "other");
    return n.bitLinear(norm);
  }, ["rms_norm_f32", "gelu_f32", "rms_norm_quantize_i8", "linear_ternary"]],
  ["a ternary layer and a residual", (n) => n.add(n.bitLinear(), n.x), [
    "rms_norm_quantize_i8",
    "linear_ternary",
  ]],
  ["… not where the layer is an output", (n) => n.add(n.output(n.bitLinear(), "inner"), n.x), [
    "rms_norm_quantize_i8",
    "linear_ternary",
    "add_f32",
    "copy",
  ]],
  ["… not with what repeats over rows", (n) => n.add(n.bitLinear(), n.constant("f32", COLUMNS)), [
    "rms_norm_quantize_i8",
    "linear_ternary",
    "add_f32",
  ]],
  ["views move nothing", (n) => {
    const { graph } = n;
    const slice = graph.apply(ops.sliceColumns, { x: n.x }, { start: 4, end: 12 });
    const same = graph.apply(ops.identity, { x: slice });
    return graph.apply(ops.gelu, {
      x: graph.apply(ops.reshape, { x: same }, { shape: [1, ROWS, 8] }),
    });
  }, ["gelu_f32"]],
  ["a graph that computes nothing copies", (n) => n.x, ["copy"]],
  ["what no output needs is not computed", (n) => {
    n.linear();
    return n.graph.apply(ops.gelu, { x: n.x });
  }, ["gelu_f32"]],
];

for (const [name, make, instructions] of CASES) {
  Deno.test(`float fusion: ${name}`, async () => {
    const net = new FloatNet();
    net.output(make(net));
    await checkFusion(net, instructions);
  });
}

for (const change of ["plain", "bias", "mask"] as const) {
  Deno.test(`float attention is one instruction: ${change}`, async () => {
    const net = new FloatNet();
    const { graph } = net;
    const plane = (name: string) => net.input(name, "f32", 2, LENGTH, COLUMNS);
    const [q, k, v] = [plane("q"), plane("k"), plane("v")];
    let scores = graph.apply(ops.attentionScores, { q, k }, { heads: 2, scale: 0.25 });
    if (change === "bias") scores = net.add(scores, net.constant("f32", 2, LENGTH, LENGTH));
    const mask = change === "mask"
      ? graph.constant("", {
        dtype: "u8",
        shape: [1, LENGTH, LENGTH],
        data: Uint8Array.from({ length: LENGTH ** 2 }, (_, i) => i % 3 ? 0 : 1),
      })
      : undefined;
    const weights = graph.apply(ops.softmax, { x: scores, mask });
    net.output(graph.apply(ops.attentionValues, { p: weights, v }));
    // There are no instructions for its parts.
    await checkFusion(net, ["attention_f32"], { alone: false });
  });
}
