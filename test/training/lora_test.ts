/** Adapters: their gradients, a forward pass written out, merging, and what a file of them holds. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { decodeAdapters, encodeAdapters, mergeAdapters } from "../../src/training/adapters.ts";
import { gradcheck } from "../../src/training/gradcheck.ts";
import { addAdapters } from "../../src/training/lora.ts";
import type { AdaptedGraph } from "../../src/training/lora.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { Random } from "../conformance/_random.ts";

const [BATCH, SIZE, IN, MID, CLASSES, RANK, ALPHA] = [2, 5, 3, 4, 3, 2, 3];
/** Strides, pads top, left, bottom, right, dilation. */
const TAPS = { strides: [2, 1], pads: [1, 0, 2, 1], dilations: [1, 2] };
const KERNEL = [3, 2];

interface Network {
  readonly graph: Graph;
  readonly loss: Value;
  readonly logits: Value;
}

/** A convolution with strides, padding and dilation, a depthwise one, and two linear layers of one weight. */
function network(): Network {
  const random = new Random(3);
  const graph = new Graph();
  const parameter = (name: string, ...shape: number[]): Value => {
    const length = shape.reduce((a, b) => a * b);
    const data = Float32Array.from({ length }, () => random.unit() - 0.5);
    return graph.parameter(name, { dtype: "f32", shape, data });
  };
  const build = new NodeBuilder(graph);
  const x = graph.input("x", "f32", [BATCH, SIZE, SIZE, IN]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: CLASSES });
  let y = graph.apply(ops.conv, {
    x,
    weight: parameter("conv0.weight", MID, ...KERNEL, IN),
    bias: parameter("conv0.bias", MID),
  }, TAPS);
  y = graph.apply(ops.conv, { x: y, weight: parameter("dw1.weight", MID, 1, 1, 1) }, {
    group: MID,
  });
  const [, rows, columns] = y.shape as number[];
  y = graph.apply(ops.meanRows, { x: build.reshape(y, [BATCH, rows * columns, MID]) });
  const tied = parameter("tied", MID, MID);
  y = build.unary(graph.apply(ops.linear, { x: y, weight: tied }), "tanh");
  y = graph.apply(ops.linear, { x: y, weight: tied });
  const logits = graph.apply(
    ops.linear,
    {
      x: y,
      weight: parameter("fc.weight", CLASSES, MID),
      bias: parameter("fc.bias", CLASSES),
    },
    {},
    { name: "fc", output: "scores" },
  );
  graph.output("logits", logits);
  return { graph, logits, loss: crossEntropy(build, logits, labels) };
}

/** Adapters whose second weights are not zero. */
function trained({ graph }: AdaptedGraph): Map<string, Tensor> {
  const random = new Random(4);
  return new Map(graph.parameters.map(({ id, name }) => {
    const tensor = graph.initial.get(id)!;
    if (!name.includes("lora_B")) return [name, tensor];
    const data = Float32Array.from({ length: tensor.data.length }, () => random.unit() - 0.5);
    return [name, { dtype: "f32", shape: tensor.shape, data }];
  }));
}

function pictures(): Float32Array {
  const random = new Random(5);
  return Float32Array.from({ length: BATCH * SIZE * SIZE * IN }, () => random.unit() - 0.5);
}

/** Logits with some weights. */
async function logitsOf(graph: Graph, weights: ReadonlyMap<string, Tensor>): Promise<number[]> {
  const program = await encodeProgram(compile(graph, { training: true }));
  using instance = await loadReference(program);
  for (const { name } of graph.parameters) await instance.write(name, weights.get(name)!.data);
  const { logits } = await instance.run({ x: pictures() });
  return Array.from(logits.data as Float32Array);
}

/** The network with adapters in plain float64, place by place. */
function byHand(weights: ReadonlyMap<string, Tensor>): number[] {
  const of = (name: string): number[] => Array.from(weights.get(name)!.data, Number);
  const scale = ALPHA / RANK;
  const image = pictures();
  const [[sh, sw], [top, left, bottom, right], [dh, dw]] = [
    TAPS.strides,
    TAPS.pads,
    TAPS.dilations,
  ];
  const [kh, kw] = KERNEL;
  const rows = Math.floor((SIZE + top + bottom - dh * (kh - 1) - 1) / sh) + 1;
  const columns = Math.floor((SIZE + left + right - dw * (kw - 1) - 1) / sw) + 1;
  const taps = (kernel: number[], o: number, b: number, i: number, j: number): number => {
    let sum = 0;
    for (let p = 0; p < kh; p++) {
      for (let q = 0; q < kw; q++) {
        const [r, c] = [i * sh + p * dh - top, j * sw + q * dw - left];
        if (r < 0 || r >= SIZE || c < 0 || c >= SIZE) continue;
        for (let d = 0; d < IN; d++) {
          sum += kernel[((o * kh + p) * kw + q) * IN + d] *
            image[((b * SIZE + r) * SIZE + c) * IN + d];
        }
      }
    }
    return sum;
  };
  const times = (matrix: number[], x: number[]): number[] =>
    Array.from(
      { length: matrix.length / x.length },
      (_, n) => x.reduce((sum, value, k) => sum + matrix[n * x.length + k] * value, 0),
    );
  const layer = (x: number[], weight: string, a: string, b: string, bias?: string): number[] => {
    const beside = times(of(b), times(of(a), x));
    return times(of(weight), x).map((y, n) =>
      y + scale * beside[n] + (bias === undefined ? 0 : of(bias)[n])
    );
  };
  const [w, bias, a, b, depthwise] = [
    "conv0.weight",
    "conv0.bias",
    "conv0.lora_A.weight",
    "conv0.lora_B.weight",
    "dw1.weight",
  ]
    .map(of);
  return Array.from({ length: BATCH }, (_, picture) => {
    const mean = Array<number>(MID).fill(0);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const narrow = Array.from({ length: RANK }, (_, r) => taps(a, r, picture, i, j));
        for (let o = 0; o < MID; o++) {
          const beside = times(b, narrow)[o];
          const y = taps(w, o, picture, i, j) + bias[o] + scale * beside;
          mean[o] += depthwise[o] * y / (rows * columns);
        }
      }
    }
    const tied = ["tied", "tied.lora_A.weight", "tied.lora_B.weight"] as const;
    const hidden = layer(layer(mean, ...tied).map(Math.tanh), ...tied);
    return layer(hidden, "fc.weight", "fc.lora_A.weight", "fc.lora_B.weight", "fc.bias");
  }).flat();
}

function distance(a: readonly number[], b: readonly number[]): number {
  assert.equal(a.length, b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

Deno.test("lora: each weight that can has one adapter, by its name, and B is zero", () => {
  const { graph, adapters } = addAdapters(network().graph, { rank: RANK, alpha: ALPHA });
  const scale = ALPHA / RANK;
  const named = (weight: string, module: string) => ({
    weight,
    a: `${module}.lora_A.weight`,
    b: `${module}.lora_B.weight`,
    scale,
  });
  assert.deepEqual(adapters, [
    named("conv0.weight", "conv0"),
    named("tied", "tied"),
    named("fc.weight", "fc"),
  ]);
  const shapes = Object.fromEntries(graph.parameters.map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes["conv0.lora_A.weight"], [RANK, ...KERNEL, IN]);
  assert.deepEqual(shapes["conv0.lora_B.weight"], [MID, 1, 1, RANK]);
  assert.deepEqual(shapes["fc.lora_B.weight"], [CLASSES, RANK]);
  for (const { id, name } of graph.parameters.filter(({ name }) => name.includes("lora"))) {
    const data = graph.initial.get(id)!.data as Float32Array;
    if (name.includes("lora_B")) assert.ok(data.every((value) => value === 0), name);
    else {
      const bound = 1 / Math.sqrt(data.length / RANK);
      assert.ok(data.every((value) => value !== 0 && Math.abs(value) <= bound), name);
      assert.ok(Math.max(...data.map(Math.abs)) > bound / 3, name);
    }
  }
  // Another seed, another start; the same one, the same.
  const start = (seed: number) => {
    const { graph } = addAdapters(network().graph, { rank: RANK, seed });
    return graph.initial.get(graph.parameters.at(-2)!.id)!.data;
  };
  assert.deepEqual(start(1), start(1));
  assert.notDeepEqual(start(1), start(2));
  assert.equal(graph.outputs[0].value.name, "scores");
});

Deno.test("lora: at first the outputs are those of the network, to the bit", async () => {
  const { graph } = network();
  const adapted = addAdapters(graph, { rank: RANK });
  const at = (of: Graph) =>
    new Map(of.parameters.map(({ id, name }) => [name, of.initial.get(id)!]));
  assert.deepEqual(
    await logitsOf(adapted.graph, at(adapted.graph)),
    await logitsOf(graph, at(graph)),
  );
});

Deno.test("lora: outputs are those of W·x + alpha/rank·B·(A·x), written out", async () => {
  const adapted = addAdapters(network().graph, { rank: RANK, alpha: ALPHA });
  const weights = trained(adapted);
  const [ours, theirs] = [await logitsOf(adapted.graph, weights), byHand(weights)];
  assert.ok(distance(ours, theirs) < 2e-6, `${distance(ours, theirs)}`);
  const without = byHand(
    new Map([...weights].map(([name, tensor]) => [
      name,
      name.includes("lora_B")
        ? { ...tensor, data: new Float32Array(tensor.data.length) } as Tensor
        : tensor,
    ])),
  );
  // A thousand times the bound: that much is the adapters'.
  assert.ok(distance(ours, without) > 2e-3, `${distance(ours, without)}`);
});

Deno.test("lora: gradients of A and B are those of differences in float64", () => {
  const { graph: source, loss } = network();
  const adapted = addAdapters(source, { rank: RANK, alpha: ALPHA });
  const weights = trained(adapted);
  const values = Object.fromEntries(
    [...weights].map(([name, { data }]) => [name, Array.from(data, Number)]),
  );
  const wrt = adapted.graph.parameters.filter(({ name }) => name.includes("lora"));
  assert.equal(wrt.length, 6);
  const x = Array.from(pictures());
  const checks = gradcheck(adapted.graph, adapted.valueOf(loss), wrt, {
    ...values,
    x,
    labels: [2, 0],
  });
  for (const { name, error, gradient } of checks) {
    assert.ok(error < 1e-5, `${name}: ${error}`);
    assert.notEqual(gradient, 0, name);
  }
});

Deno.test("lora: merged into the weights, outputs are the same within float32 rounding", async () => {
  const { graph } = network();
  const adapted = addAdapters(graph, { rank: RANK, alpha: ALPHA });
  const weights = trained(adapted);
  const merged = mergeAdapters(weights, adapted.adapters);
  assert.deepEqual([...merged.keys()].sort(), graph.parameters.map(({ name }) => name).sort());
  const [apart, one] = [await logitsOf(adapted.graph, weights), await logitsOf(graph, merged)];
  assert.ok(distance(apart, one) < 2e-6, `${distance(apart, one)}`);
  assert.deepEqual(merged.get("dw1.weight"), weights.get("dw1.weight"));
  assert.notDeepEqual(merged.get("conv0.weight"), weights.get("conv0.weight"));
  // A fresh adapter changes nothing.
  const fresh = new Map(
    adapted.graph.parameters.map(({ id, name }) => [name, adapted.graph.initial.get(id)!]),
  );
  const same = mergeAdapters(fresh, adapted.adapters);
  for (const [name, { data }] of same) assert.deepEqual(data, fresh.get(name)!.data, name);
  // Moving averages stand for what they are averages of.
  const averaged = new Map(
    [...weights].flatMap(([name, tensor]): [string, Tensor][] =>
      name.includes("lora")
        ? [[name, { ...tensor, data: new Float32Array(tensor.data.length) } as Tensor], [
          `${name}.average`,
          tensor,
        ]]
        : [[name, tensor]]
    ),
  );
  assert.deepEqual(mergeAdapters(averaged, adapted.adapters), merged);
});

Deno.test("lora: a file has the adapters and no weight, and knows which weights they are for", () => {
  const adapted = addAdapters(network().graph, { rank: RANK, alpha: ALPHA });
  const weights = trained(adapted);
  const file = encodeAdapters(weights, ["fc.bias"], adapted.adapters, { about: "clothes" });
  const { tensors, adapters, metadata } = decodeAdapters(file, weights);
  assert.deepEqual(adapters, adapted.adapters);
  assert.deepEqual(metadata, { about: "clothes" });
  assert.deepEqual(
    [...tensors.keys()].sort(),
    ["fc.bias", ...adapters.flatMap(({ a, b }) => [a, b])].sort(),
  );
  for (const [name, { data }] of tensors) assert.deepEqual(data, weights.get(name)!.data, name);
  for (const at of [20, file.length - 1]) {
    const damaged = file.slice();
    damaged[at] ^= 1;
    assert.throws(() => decodeAdapters(damaged, weights), { code: "invalid_file" });
  }
  const other = new Map(weights);
  const conv = weights.get("conv0.weight")!;
  other.set(
    "conv0.weight",
    { ...conv, data: (conv.data as Float32Array).map((w) => w + 1) } as Tensor,
  );
  assert.throws(() => decodeAdapters(file, other), {
    code: "invalid_argument",
    message: /other weights/,
  });
  other.delete("conv0.weight");
  assert.throws(() => decodeAdapters(file, other), { code: "not_found", message: /conv0\.weight/ });
});

Deno.test("lora: settings and tensors that do not fit are refused by name", () => {
  const { graph } = network();
  for (const rank of [0, 1.5, -1, NaN, 1e6]) {
    assert.throws(() => addAdapters(graph, { rank }), {
      code: "invalid_argument",
      message: /rank/,
    });
  }
  for (const alpha of [0, NaN, Infinity]) {
    assert.throws(() => addAdapters(graph, { rank: 1, alpha }), { message: /alpha/ });
  }
  assert.throws(() => addAdapters(graph, { rank: 1, adapts: (name) => name === "dw1.weight" }), {
    code: "invalid_argument",
    message: /those that can are conv0\.weight, tied, fc\.weight$/,
  });
  const { graph: adapted, adapters } = addAdapters(graph, { rank: RANK });
  const weights = trained({ graph: adapted, adapters, valueOf: (value) => value });
  const wrong = (name: string, tensor: Tensor) => new Map([...weights, [name, tensor]]);
  const zeros = (...shape: number[]): Tensor => ({
    dtype: "f32",
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)),
  });
  assert.throws(() => mergeAdapters(wrong("tied.lora_A.weight", zeros(RANK, 7)), adapters), {
    code: "shape_mismatch",
    message: /tied\.lora_A\.weight is \[2,7\]/,
  });
  assert.throws(() => mergeAdapters(wrong("tied.lora_B.weight", zeros(MID, 1)), adapters), {
    code: "shape_mismatch",
  });
  const integers: Tensor = { dtype: "i32", shape: [MID, MID], data: new Int32Array(MID * MID) };
  assert.throws(() => mergeAdapters(wrong("tied", integers), adapters), {
    code: "dtype_mismatch",
  });
});
