/** Sites of all kinds: integers are near the float network, or the site is refused. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { calibrateRuns } from "../../src/quantize/calibrate.ts";
import { quantizeParameters } from "../../src/quantize/integer_parameters.ts";
import { createObserver } from "../../src/quantize/observer.ts";
import { rewriteIntegers } from "../../src/quantize/rewriter.ts";
import type { Method } from "../../src/quantize/rewriter.ts";
import type { Grid, SiteOf } from "../../src/quantize/sites.ts";
import { attemptAsync } from "../_attempt.ts";

const COLUMNS = 8;
const DIVISORS = Float32Array.of(1, 2, 1, 3, 1, 0.5, 1, 1);
const X = floats(2 * 3 * COLUMNS, 1);

function floats(length: number, step: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(step * i + 1));
}

/** A float graph under construction: x `[2, 3, 8]`, and layers with names. */
class Net {
  readonly graph = new Graph();
  readonly x = this.graph.input("x", "f32", [2, 3, COLUMNS]);

  constant(name: string, ...shape: number[]): Value {
    const data = floats(shape.reduce((a, b) => a * b, 1), 0.7);
    return this.graph.constant(name, { dtype: "f32", shape, data });
  }

  linear(x: Value, name: string, columns = COLUMNS): Value {
    const inputs = {
      x,
      weight: this.constant("", COLUMNS, columns),
      bias: this.constant("", COLUMNS),
    };
    return this.graph.apply(ops.linear, inputs, {}, { name, output: name });
  }

  add(a: Value, b: Value): Value {
    return this.graph.apply(ops.add, { a, b }, {}, { output: "sum" });
  }

  attention(): Value {
    const [q, k, v] = ["q", "k", "v"].map((name) => this.linear(this.x, name));
    const attributes = { heads: 2, scale: 0.5 };
    const scores = this.graph.apply(ops.attentionScores, { q, k }, attributes, {
      output: "scores",
    });
    const p = this.graph.apply(ops.softmax, { x: scores }, {}, { output: "p" });
    return this.graph.apply(ops.attentionValues, { p, v }, {}, { output: "context" });
  }
}

/** Every value has a grid of 8 bits; those of these names have others, by who reads them. */
function sitesWith(
  others: Readonly<Record<string, Grid | ((op: string) => Grid & { name?: string })>>,
): SiteOf {
  return ({ name }, use) => {
    if (name === "" || name === "p" || use.kind === "output") return undefined;
    const other = Object.hasOwn(others, name) ? others[name] : { bits: 8 as const };
    return { name, ...typeof other === "function" ? other(use.node.op) : other };
  };
}

function methodOf(siteOf: SiteOf, nonlinear: Method["nonlinear"] = "table"): Method {
  return {
    name: "Test",
    siteOf,
    weightBits: 8,
    nonlinear,
    parameters: quantizeParameters(),
    output(graph, name, { value: x, scale }, builder, entry) {
      const inputs = { x, scale: builder.derivedScale(`scale ${name}`, scale) };
      graph.output(name, graph.apply(ops.dequantizeLinear, inputs), entry);
    },
  };
}

/** Largest error of the integers, in parts of the largest value; the same on engines and with taps. */
async function errorOf(graph: Graph, siteOf: SiteOf, x = X): Promise<number> {
  const network = rewriteIntegers(graph, methodOf(siteOf), [{ from: "main", to: "main" }]);
  const scales = await calibrateRuns(network, [{ inputs: { x }, symbols: {}, samples: 1 }], {
    entry: "main",
    load: (program) => load(program),
    observer: () => createObserver("minmax"),
    symbols: {},
  });
  using float = await load(compile(graph), { engine: "reference" });
  const expected = float.runSync({ x }).y.data as Float32Array;
  const values = new Map([...network.taps].filter(([name]) => name !== "x"));
  const results: number[][] = [];
  for (const taps of [undefined, { entry: "main", values }]) {
    for (const engine of ["reference", "wasm"] as const) {
      using instance = await load(compile(network.graph, { scales, ...taps && { taps } }), {
        engine,
      });
      results.push([...instance.runSync({ x }).y.data as Float32Array]);
    }
  }
  for (const result of results) assert.deepEqual(result, results[0]);
  const error = Math.max(...results[0].map((y, i) => Math.abs(y - expected[i])));
  return error / Math.max(...expected.map(Math.abs));
}

/** 0 is code 40: 168 codes are below it, 87 above. */
const ZERO: Grid = { bits: 8, zeroPoint: 40, range: [-168 / 24, 87 / 24] };
const DIVIDED: Grid = { bits: 8, divisors: DIVISORS };

const NEAR: readonly [
  name: string,
  make: (net: Net) => Value,
  others: Parameters<typeof sitesWith>[0],
][] = [
  ["an input with a zero point", (n) => n.linear(n.x, "y"), {
    x: { ...ZERO, range: [-168 / 84, 87 / 84] },
  }],
  ["an input of 16 bits", (n) => n.linear(n.x, "y"), { x: { bits: 16 } }],
  ["an input of 12 bits", (n) => n.linear(n.x, "y"), { x: { bits: 12 } }],
  ["divided channels into a layer", (n) => n.linear(n.linear(n.x, "a"), "y"), { a: DIVIDED }],
  ["divided channels and a known range", (n) => n.linear(n.linear(n.x, "a"), "y"), {
    a: { ...DIVIDED, range: [-8, 8] },
  }],
  [
    "divided channels into an activation",
    (n) => n.linear(n.graph.apply(ops.gelu, { x: n.linear(n.x, "a") }, {}, { output: "g" }), "y"),
    { a: DIVIDED },
  ],
  [
    "divided channels out of an activation",
    (n) => n.linear(n.graph.apply(ops.gelu, { x: n.linear(n.x, "a") }, {}, { output: "g" }), "y"),
    { g: DIVIDED },
  ],
  [
    "divided channels onto another grid",
    (n) =>
      n.linear(n.graph.apply(ops.identity, { x: n.linear(n.x, "a") }, {}, { output: "i" }), "y"),
    { a: DIVIDED },
  ],
  [
    "from one grid onto divided channels",
    (n) =>
      n.linear(n.graph.apply(ops.identity, { x: n.linear(n.x, "a") }, {}, { output: "i" }), "y"),
    { i: DIVIDED },
  ],
  [
    "the mean of divided channels",
    (n) =>
      n.linear(n.graph.apply(ops.meanRows, { x: n.linear(n.x, "a") }, {}, { output: "m" }), "y"),
    { a: DIVIDED },
  ],
  ["attention of divided values", (n) => n.linear(n.attention(), "y"), { v: DIVIDED }],
  [
    "some of the divided channels",
    (n) =>
      n.linear(
        n.graph.apply(ops.sliceColumns, { x: n.linear(n.x, "a") }, { start: 2, end: 6 }),
        "y",
        4,
      ),
    { a: DIVIDED },
  ],
  [
    "some of the channels of sums",
    (n) => n.graph.apply(ops.sliceColumns, { x: n.linear(n.x, "a") }, { start: 2, end: 6 }),
    {},
  ],
  [
    "codes with a zero point, moved",
    (n) =>
      n.linear(n.graph.apply(ops.reshape, { x: n.linear(n.x, "a") }, { shape: [2, 6, 4] }), "y", 4),
    { a: ZERO },
  ],
  ["two grids, moved between the value and its readers", (n) => {
    const a = n.graph.apply(ops.reshape, { x: n.linear(n.x, "a") }, { shape: [6, 8] });
    const i = n.graph.apply(ops.identity, { x: a }, {}, { output: "i" });
    return n.linear(n.add(n.linear(a, "b"), i), "y");
  }, {
    a: (op) => op === "Linear" ? { name: "a8", bits: 8 } : { name: "a16", bits: 16 },
    i: { bits: 16 },
  }],
];

for (const [name, make, others] of NEAR) {
  Deno.test(`sites: ${name}`, async () => {
    const net = new Net();
    net.graph.output("y", make(net));
    // A grid of 8 bits with divisors up to 3 loses more than one that has none.
    const error = await errorOf(net.graph, sitesWith(others));
    assert.ok(error < 0.025, `error ${error}`);
  });
}

const REFUSED: readonly [
  name: string,
  make: (net: Net) => Value,
  others: Parameters<typeof sitesWith>[0],
  message: RegExp,
][] = [
  [
    "an input with divisors",
    (n) => n.linear(n.x, "y"),
    { x: DIVIDED },
    /Channels of the input "x" cannot be divided/,
  ],
  ["a zero point beside its range", (n) => n.linear(n.x, "y"), {
    x: { ...ZERO, range: [-1, 1] },
  }, /0 is code -?0 of -1 to 1, and the code of 0 is 40/],
  [
    "a zero point that is no code",
    (n) => n.linear(n.x, "y"),
    { x: { ...ZERO, zeroPoint: 1000 } },
    /the code of 0 is 1000/,
  ],
  [
    "a range that is empty",
    (n) => n.linear(n.x, "y"),
    { x: { bits: 8, range: [1, 1] } },
    /its range is 1 to 1/,
  ],
  [
    "a range that is no number",
    (n) => n.linear(n.x, "y"),
    { x: { bits: 8, range: [NaN, 1] } },
    /its range is NaN to 1/,
  ],
  ["divisors of other channels", (n) => n.linear(n.linear(n.x, "a"), "y"), {
    a: { bits: 8, divisors: DIVISORS.slice(1) },
  }, /7 divisors for 8 channels/],
  ["a divisor of 0", (n) => n.linear(n.linear(n.x, "a"), "y"), {
    a: { bits: 8, divisors: DIVISORS.map((d) => d - 1) },
  }, /divisor of channel 0 is 0/],
  ["bits that no grid has", (n) => n.linear(n.x, "y"), { x: { bits: 5 as 8 } }, /5 bits/],
  [
    "divided channels into a norm",
    (n) =>
      n.linear(
        n.graph.apply(ops.layerNormalization, { x: n.linear(n.x, "a"), scale: n.constant("", 8) }, {
          epsilon: 1e-5,
        }, { name: "n", output: "n" }),
        "y",
      ),
    { a: DIVIDED },
    /LayerNormalization of "a", whose channels have divisors/,
  ],
  ["divided channels into a sum", (n) => n.linear(n.add(n.linear(n.x, "a"), n.x), "y"), {
    a: DIVIDED,
  }, /Add of "a", whose channels have divisors/],
  ["divided channels as a residual", (n) => n.linear(n.add(n.x, n.linear(n.x, "a")), "y"), {
    a: DIVIDED,
  }, /Add of "a"/],
  ["divided channels of a sum", (n) => n.linear(n.add(n.linear(n.x, "a"), n.x), "y"), {
    sum: DIVIDED,
  }, /add to "sum"/],
  ["divided channels of a constant", (n) => n.linear(n.add(n.x, n.constant("c", 8)), "y"), {
    c: DIVIDED,
  }, /cannot put "c" on divisors/],
  [
    "a zero point of a constant",
    (n) => n.linear(n.add(n.x, n.constant("c", 8)), "y"),
    { c: ZERO },
    /Only sums and inputs have a zero point, not "c"/,
  ],
  [
    "divided channels of queries",
    (n) => n.linear(n.attention(), "y"),
    { q: DIVIDED },
    /AttentionScores of "q"/,
  ],
  [
    "divided channels that become others",
    (n) =>
      n.linear(n.graph.apply(ops.reshape, { x: n.linear(n.x, "a") }, { shape: [2, 6, 4] }), "y", 4),
    { a: DIVIDED },
    /cannot move "a"/,
  ],
  [
    "a zero point into an activation",
    (n) => n.linear(n.graph.apply(ops.gelu, { x: n.linear(n.x, "a") }, {}, { output: "g" }), "y"),
    { a: ZERO },
    /Gelu of "a", whose codes have a zero point/,
  ],
  [
    "a zero point out of an activation",
    (n) => n.linear(n.graph.apply(ops.gelu, { x: n.linear(n.x, "a") }, {}, { output: "g" }), "y"),
    { g: ZERO },
    /Only sums and inputs have a zero point, not "g"/,
  ],
  [
    "16 bits out of an activation",
    (n) => n.linear(n.graph.apply(ops.gelu, { x: n.linear(n.x, "a") }, {}, { output: "g" }), "y"),
    { g: { bits: 16 } },
    /cannot put "g" on 16 bits/,
  ],
  ["one name for two values", (n) => n.linear(n.add(n.linear(n.x, "a"), n.linear(n.x, "b")), "y"), {
    b: () => ({ name: "a", bits: 8 }),
  }, /two grids "a"/],
  [
    "one name for two grids",
    (n) => {
      const a = n.linear(n.x, "a");
      return n.linear(n.add(n.linear(a, "b"), a), "y");
    },
    { a: (op) => ({ bits: op === "Linear" ? 8 : 16 }) },
    /two grids "a"/,
  ],
];

for (const [name, make, others, message] of REFUSED) {
  Deno.test(`sites refused: ${name}`, () => {
    const net = new Net();
    net.graph.output("y", make(net));
    const method = methodOf(sitesWith(others));
    assert.throws(() => rewriteIntegers(net.graph, method, [{ from: "main", to: "main" }]), {
      name: "FewbitError",
      message,
    });
  });
}

Deno.test("a zero point cannot be observed: it needs its range", async () => {
  const net = new Net();
  net.graph.output("y", net.linear(net.x, "y"));
  await assert.rejects(errorOf(net.graph, sitesWith({ x: { bits: 8, zeroPoint: 3 } })), {
    code: "unsupported",
    message: /Cannot calibrate x: it has a zero point and no range/,
  });
});

Deno.test("calibration sees the weights that a large bias makes room for, in their layout", async () => {
  // Weights are then known only with the scale of the input, and 7 × 5 of them do not fill panels.
  const graph = new Graph();
  const x = graph.input("x", "f32", [3, 5]);
  const small = floats(7 * 5, 0.37).map((w) => w * 1e-2);
  const weight = graph.constant("", { dtype: "f32", shape: [7, 5], data: small });
  const bias = graph.constant("", {
    dtype: "f32",
    shape: [7],
    data: Float32Array.of(1e3, 0, 0, 0, 0, 0, 0),
  });
  const a = graph.apply(ops.linear, { x, weight, bias }, {}, { name: "a", output: "a" });
  const rest = graph.apply(ops.sliceColumns, { x: a }, { start: 1, end: 7 });
  const next = graph.constant("", { dtype: "f32", shape: [4, 6], data: floats(24, 0.7) });
  graph.output("y", graph.apply(ops.linear, { x: rest, weight: next }, {}, { name: "y" }));
  const divisors = Float32Array.of(1e5, 1, 1, 1, 1, 1, 1);
  const error = await attemptAsync(() =>
    errorOf(graph, sitesWith({ a: { bits: 8, divisors } }), floats(15, 1))
  );
  assert.ok(error < 0.02, `error ${error}`);
});
