/** Integer nodes that become one instruction, and those that must not. */
import * as ops from "../../src/graph/ops/mod.ts";
import type { Value } from "../../src/graph/graph.ts";
import { checkFusion, Net } from "./_check.ts";

const [ROWS, COLUMNS, LENGTH] = [3, 16, 4];
type To = "i8" | "i16" | "i32";

class IntegerNet extends Net {
  readonly x = this.input("x", "i8", ROWS, COLUMNS);

  linear(x = this.x): Value {
    const weight = this.constant("i8", COLUMNS, COLUMNS);
    const bias = this.constant("i32", COLUMNS);
    return this.graph.apply(ops.linearInteger, { x, weight, bias }, { weightBits: 8 });
  }

  /** With an identity, a zero point, or multipliers by column. */
  requantize(
    x: Value,
    to: To,
    more: { identity?: Value; zeroPoint?: boolean; columns?: number } = {},
  ): Value {
    const { identity, zeroPoint, columns = 1 } = more;
    const one = Array(columns).fill(2 ** 30);
    return this.graph.apply(ops.requantize, {
      x,
      multiplier: this.given("i32", ...one.map((m, i) => m + 977 * i)),
      shift: this.given("i32", ...one.map(() => to === "i8" ? 40 : 34)),
      identity,
      identityMultiplier: identity && this.given("i32", 2 ** 30 + 5),
      identityShift: identity && this.given("i32", 31),
      zeroPoint: zeroPoint ? this.given("i32", 3) : undefined,
    }, { to });
  }

  norm(x: Value): Value {
    return this.graph.apply(ops.layerNormInteger, { x, bias: this.constant("i32", COLUMNS) });
  }

  lookup(x: Value, dtype: "i8" | "i16" = "i8", tables = 1): Value {
    return this.graph.apply(ops.lookup, { x, table: this.constant(dtype, tables, 256) });
  }

  output(value: Value, name = "y"): this {
    this.graph.output(name, value);
    return this;
  }
}

type Case = [name: string, make: (net: IntegerNet) => Value, instructions: string[]];
const named = (
  net: IntegerNet,
  value: Value,
  wrap: (value: Value) => Value,
): Value => {
  net.output(value, "inner");
  return wrap(value);
};

const CASES: readonly Case[] = [
  ["a linear layer and its requantisation", (n) => n.requantize(n.linear(), "i8"), ["linear_i8"]],
  ["… by column", (n) => n.requantize(n.linear(), "i8", { columns: COLUMNS }), ["linear_i8"]],
  ["… to 16 bits", (n) => n.requantize(n.linear(), "i16"), ["linear_i8"]],
  ["… with a zero point", (n) => n.requantize(n.linear(), "i8", { zeroPoint: true }), [
    "linear_i8",
  ]],
  ["… not to 32 bits", (n) => n.requantize(n.linear(), "i32"), ["linear_i8", "requantize"]],
  [
    "… not with an identity at once",
    (n) => n.requantize(n.linear(), "i16", { identity: n.input("z", "i8", ROWS, COLUMNS) }),
    [
      "linear_i8",
      "requantize",
    ],
  ],
  [
    "… not where the sums are an output",
    (n) => named(n, n.linear(), (sums) => n.requantize(sums, "i8")),
    ["linear_i8", "requantize", "copy"],
  ],
  ["… not where the sums are read twice", (n) => {
    const sums = n.linear();
    n.output(n.requantize(sums, "i16"), "other");
    return n.requantize(sums, "i8");
  }, ["linear_i8", "requantize", "requantize"]],
  ["a norm and its requantisation", (n) => n.requantize(n.norm(n.x), "i8"), ["layer_norm_i16"]],
  ["… not with a zero point", (n) => n.requantize(n.norm(n.x), "i8", { zeroPoint: true }), [
    "layer_norm_i16",
    "requantize",
  ]],
  ["a norm that is requantised twice", (n) => {
    const norm = n.norm(n.x);
    const first = n.requantize(norm, "i8", { columns: COLUMNS });
    n.output(first, "other");
    return n.requantize(norm, "i16");
  }, ["layer_norm_dual_i16"]],
  ["… not with an identity", (n) => {
    const norm = n.norm(n.x);
    n.output(n.requantize(norm, "i8"), "other");
    return n.requantize(norm, "i16", { identity: n.input("z", "i8", ROWS, COLUMNS) });
  }, ["layer_norm_i16", "requantize", "requantize"]],
  ["… not with a zero point", (n) => {
    const norm = n.norm(n.x);
    n.output(n.requantize(norm, "i8", { zeroPoint: true }), "other");
    return n.requantize(norm, "i16");
  }, ["layer_norm_i16", "requantize", "requantize"]],
  ["… not where one of them is 32 bits", (n) => {
    const norm = n.norm(n.x);
    n.output(n.requantize(norm, "i8"), "other");
    return n.requantize(norm, "i32");
  }, ["layer_norm_i16", "requantize", "requantize"]],
  ["… not where it is requantised three times", (n) => {
    const norm = n.norm(n.x);
    n.output(n.requantize(norm, "i8"), "other");
    n.output(n.requantize(norm, "i8"), "third");
    return n.requantize(norm, "i16");
  }, ["layer_norm_i16", "requantize", "requantize", "requantize"]],
  ["… not where the norm is an output", (n) => {
    const norm = n.norm(n.x);
    n.output(norm, "norm");
    n.output(n.requantize(norm, "i8"), "other");
    return n.requantize(norm, "i16");
  }, ["layer_norm_i16", "requantize", "requantize", "copy"]],
  ["a linear layer, 16 bits, and a residual", (n) => {
    const z = n.input("z", "i8", ROWS, COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i16"), "i16", { identity: z });
  }, ["linear_i8"]],
  ["… not to 8 bits", (n) => {
    const z = n.input("z", "i8", ROWS, COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i16"), "i8", { identity: z });
  }, ["linear_i8", "requantize"]],
  ["… not with an identity that repeats", (n) => {
    const z = n.constant("i8", COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i16"), "i16", { identity: z });
  }, ["linear_i8", "requantize"]],
  ["… not with a second multiplier by column", (n) => {
    const identity = n.input("z", "i8", ROWS, COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i16"), "i16", { identity, columns: COLUMNS });
  }, ["linear_i8", "requantize"]],
  ["… not with a zero point outside", (n) => {
    const identity = n.input("z", "i8", ROWS, COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i16"), "i16", { identity, zeroPoint: true });
  }, ["linear_i8", "requantize"]],
  ["… not with a zero point inside", (n) => {
    const identity = n.input("z", "i8", ROWS, COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i16", { zeroPoint: true }), "i16", { identity });
  }, ["linear_i8", "requantize"]],
  ["… not where the inner one has 8 bits", (n) => {
    const identity = n.input("z", "i8", ROWS, COLUMNS);
    return n.requantize(n.requantize(n.linear(), "i8"), "i16", { identity });
  }, ["linear_i8", "requantize"]],
  ["… not where the inner one is an output", (n) => {
    const identity = n.input("z", "i8", ROWS, COLUMNS);
    return named(n, n.requantize(n.linear(), "i16"), (x) => n.requantize(x, "i16", { identity }));
  }, ["linear_i8", "requantize", "copy"]],
  ["a linear layer, 8 bits, and a table", (n) => n.lookup(n.requantize(n.linear(), "i8")), [
    "linear_i8",
  ]],
  ["… not a table of 16 bits", (n) => n.lookup(n.requantize(n.linear(), "i8"), "i16"), [
    "linear_i8",
    "lookup",
  ]],
  [
    "… not a table for each channel",
    (n) => n.lookup(n.requantize(n.linear(), "i8"), "i8", COLUMNS),
    ["linear_i8", "lookup"],
  ],
  [
    "… not where the codes are an output",
    (n) => named(n, n.requantize(n.linear(), "i8"), (codes) => n.lookup(codes)),
    [
      "linear_i8",
      "lookup",
      "copy",
    ],
  ],
  ["… not where the codes are read twice", (n) => {
    const codes = n.requantize(n.linear(), "i8");
    n.output(n.lookup(codes, "i16"), "other");
    return n.lookup(codes);
  }, ["linear_i8", "lookup", "lookup"]],
  ["… not after an identity", (n) => {
    const identity = n.input("z", "i8", ROWS, COLUMNS);
    return n.lookup(n.requantize(n.linear(), "i8", { identity }));
  }, ["linear_i8", "requantize", "lookup"]],
];

for (const [name, make, instructions] of CASES) {
  Deno.test(`integer fusion: ${name}`, async () => {
    const net = new IntegerNet();
    net.output(make(net));
    await checkFusion(net, instructions);
  });
}

/** q·k → 8 bits (→ bias) → softmax → ·v → 8 bits, with one thing changed. */
function attention(
  net: IntegerNet,
  change: {
    bias?: boolean;
    mask?: boolean;
    firstTo?: To;
    zeroPoint?: "first" | "last";
    tap?: "scores" | "codes" | "weights" | "values";
    to?: To;
  } = {},
): void {
  const { graph } = net;
  const plane = (name: string) => net.input(name, "i8", 2, LENGTH, COLUMNS);
  const [q, k, v] = [plane("q"), plane("k"), plane("v")];
  const tap = (name: string, value: Value): Value => {
    if (change.tap === name) net.output(value, name);
    return value;
  };
  const scores = tap("scores", graph.apply(ops.attentionScoresInteger, { q, k }, { heads: 2 }));
  let codes = net.requantize(scores, change.firstTo ?? "i8", {
    zeroPoint: change.zeroPoint === "first",
  });
  if (change.bias) {
    codes = net.requantize(codes, "i8", { identity: net.constant("i8", 2, LENGTH, LENGTH) });
  }
  tap("codes", codes);
  const mask = change.mask
    ? graph.constant("", {
      dtype: "u8",
      shape: [2, LENGTH, LENGTH],
      data: Uint8Array.from({ length: 2 * LENGTH ** 2 }, (_, i) => i % 3 ? 0 : 1),
    })
    : undefined;
  const table = graph.constant("", {
    dtype: "i32",
    shape: [256],
    data: Int32Array.from({ length: 256 }, (_, d) => Math.round(2 ** 20 * Math.exp(-d / 30))),
  });
  const weights = tap(
    "weights",
    graph.apply(ops.softmaxInteger, { x: codes, parameter: table, mask }, {
      mode: "table",
      bits: 16,
    }),
  );
  const values = tap("values", graph.apply(ops.attentionValuesInteger, { p: weights, v }));
  net.output(
    net.requantize(values, change.to ?? "i8", { zeroPoint: change.zeroPoint === "last" }),
  );
}

const ATTENTION: readonly [name: string, Parameters<typeof attention>[1], string[]][] = [
  ["all of it", {}, ["attention_i8"]],
  ["with a bias", { bias: true }, ["attention_i8"]],
  ["with a mask", { mask: true }, ["attention_i8"]],
  ["with bias and mask", { bias: true, mask: true }, ["attention_i8"]],
  ["not where the scores are an output", { tap: "scores" }, [
    "attention_scores_i8",
    "requantize",
    "softmax_i8",
    "attention_values_i8",
    "copy",
  ]],
  ["not where the codes are an output", { tap: "codes" }, [
    "attention_scores_i8",
    "softmax_i8",
    "attention_values_i8",
    "copy",
  ]],
  ["not where the weights are an output", { tap: "weights" }, [
    "attention_scores_i8",
    "softmax_i8",
    "attention_values_i8",
    "copy",
  ]],
  ["not where the sums are an output", { tap: "values" }, [
    "attention_scores_i8",
    "softmax_i8",
    "attention_values_i8",
    "requantize",
    "copy",
  ]],
  ["not with a zero point of the scores", { zeroPoint: "first" }, [
    "attention_scores_i8",
    "requantize",
    "softmax_i8",
    "attention_values_i8",
  ]],
  ["not with a zero point of the result", { zeroPoint: "last" }, [
    "attention_scores_i8",
    "softmax_i8",
    "attention_values_i8",
    "requantize",
  ]],
  ["not to 16 bits", { to: "i16" }, [
    "attention_scores_i8",
    "softmax_i8",
    "attention_values_i8",
    "requantize",
  ]],
];

for (const [name, change, instructions] of ATTENTION) {
  Deno.test(`integer attention is one instruction: ${name}`, async () => {
    const net = new IntegerNet();
    attention(net, change);
    await checkFusion(net, instructions);
  });
}
