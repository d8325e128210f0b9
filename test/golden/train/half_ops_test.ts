/** Operations on 16-bit floats against exact ones that are rounded once: elementwise to the bit, products, convolutions, norms. */
import assert from "node:assert/strict";
import { loadWasm } from "../../../src/engines/wasm/load.ts";
import { trainBuild } from "../../../src/engines/wasm/train_module.ts";
import { gradients } from "../../../src/gradients/gradients.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import {
  cast,
  conv,
  layerNormalization,
  matMul,
  rmsNormalization,
  softmax,
} from "../../../src/graph/ops/mod.ts";
import { madeBy } from "../../../src/graph/storage.ts";
import { compile } from "../../../src/lower/compile.ts";
import { toHalf, widened } from "../../../src/numeric/half.ts";
import type { HalfType } from "../../../src/numeric/half.ts";
import { encodeProgram } from "../../../src/program/encode.ts";
import type { UnaryFunction } from "../../../src/instructions/unary_functions.ts";
import { trainedBatchNormalization } from "../../../src/training/layers/batch_normalization.ts";
import { groupNormalization } from "../../../src/training/layers/group_normalization.ts";
import { absent, SHARED } from "../_shared.ts";
import { channelsFirst, channelsLast } from "./_layouts.ts";
import { boundOf, numbersOf, readOracle, within } from "./_oracle.ts";
import type { Oracle } from "./_oracle.ts";

/** What a rounding may be off by: relative, and in steps of subnormals. */
const UNITS: Readonly<Record<HalfType, readonly [number, number]>> = {
  f16: [2 ** -11, 2 ** -25],
  bf16: [2 ** -8, 2 ** -134],
};
const RATHER_NEAR = ["sigmoid", "tanh", "exp", "gelu", "gelu_tanh", "silu"];
/**
 * In float32 σ, SiLU and GELU count numbers below −88 as −88 (`float32.ts`), so that results are off by up to this where they are
 * smaller: bfloat16 can tell, float16 cannot.
 */
const TAIL = 2 ** -119;
/** Below it `gelu_tanh` is off by x times that tail, which is 2 for the least number, and −∞ for −∞. */
const DEEP = -88;

const isAbsent = absent(`${SHARED}/golden/train`);
const oracle: Oracle = isAbsent ? { cases: [], tensors: new Map() } : readOracle("half_ops");

/** A graph whose inputs, results and gradients are kept in 16 bits. */
class HalfGraph {
  readonly graph = new Graph();
  readonly build = new NodeBuilder(this.graph);
  readonly #feeds: Record<string, Float32Array> = {};

  constructor(readonly type: HalfType) {}

  input(name: string, tensor: string): Value {
    const { shape, data } = oracle.tensors.get(tensor)!;
    this.#feeds[name] = widened(this.type, data as Uint16Array);
    const extents = shape.length === 1 ? [1, ...shape] : shape;
    const x = this.graph.apply(cast, { x: this.graph.input(name, "f32", extents) });
    this.kept(x);
    return shape.length === 1 ? this.build.reshape(x, shape) : x;
  }

  kept(value: Value): Value {
    const made = madeBy(this.graph, value)!;
    for (const { id } of [made, value]) this.graph.storage.set(id, { type: this.type });
    return value;
  }

  async run(outputs: Readonly<Record<string, Value>>): Promise<Record<string, Float32Array>> {
    for (const [name, value] of Object.entries(outputs)) this.graph.output(name, value);
    // Only programs with an instruction that trains have 16-bit floats in place of float32.
    this.graph.output("trains", this.build.unary(this.build.scalar(0), "expm1"));
    const bytes = await encodeProgram(compile(this.graph, { training: true }));
    using instance = await loadWasm(bytes, { build: trainBuild() });
    const results = await instance.run(this.#feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, (data as Float32Array).slice()]),
    );
  }
}

function wantedBits(name: string): number[] {
  return [...oracle.tensors.get(name)!.data as Uint16Array];
}

/** The place of a 16-bit float among all, −0 at that of 0. */
function placeOf(bits: number): number {
  return bits & 0x8000 ? -(bits & 0x7fff) : bits;
}

/** Compares bits; `units` is how many places apart they may be. Returns how many are the same. */
function compare(
  got: Float32Array,
  type: HalfType,
  want: readonly number[],
  units: number,
  where: string,
  x: ArrayLike<number>,
): number {
  let same = 0;
  want.forEach((bits, i) => {
    const own = toHalf(type, got[i]);
    const isZero = (own & 0x7fff) === 0 && (bits & 0x7fff) === 0;
    if (own === bits || isZero) return void same++;
    const isNaN = [own, bits].some((b) => Number.isNaN(widened(type, [b])[0]));
    const distance = Math.abs(placeOf(own) - placeOf(bits));
    const [is, wanted] = widened(type, [own, bits]);
    if (Math.max(Math.abs(is), Math.abs(wanted)) <= TAIL && units > 0) return void same++;
    if (where.endsWith("gelu_tanh") && x[i] < DEEP) {
      assert.ok(x[i] === -Infinity || Math.abs(is) <= Math.abs(x[i]) * 2 ** -126);
      return void same++;
    }
    assert.ok(isNaN ? own === bits : distance <= units, `${where}: element ${i}: ${own}, ${bits}`);
  });
  return same;
}

function unary(build: NodeBuilder, x: Value, op: string): Value {
  return op === "neg" ? build.scale(x, -1) : build.unary(x, op as UnaryFunction);
}

for (const c of oracle.cases) {
  const [type, kind, op] = c.name.split("/") as [HalfType, string, string];
  const g = new HalfGraph(type);
  const { build, graph } = g;
  Deno.test(`golden: half_ops, ${c.name}`, async () => {
    if (kind === "elementwise" || kind === "softmax") {
      const x = g.input("x", c.x);
      const name = op ?? kind;
      const y = c.y !== undefined
        ? build[name as "add" | "sub" | "mul" | "div"](x, g.input("y", c.y))
        : name === "softmax"
        ? graph.apply(softmax, { x })
        : unary(build, x, name);
      const { out } = await g.run({ out: g.kept(y) });
      const want = wantedBits(c.result);
      const isNear = RATHER_NEAR.includes(name);
      const units = isNear || name === "leaky_relu" || name === "softmax" ? 1 : 0;
      const given = widened(type, oracle.tensors.get(c.x)!.data as Uint16Array);
      const same = compare(out, type, want, units, c.name, given);
      if (isNear) assert.ok(same >= want.length * 0.99, `${same} of ${want.length} are the same`);
    } else if (kind === "gemm") {
      // All of K columns; the block that is smaller comes from the same sums.
      const [a, b] = [g.input("a", c.a), g.input("b", c.b)];
      const narrow = build.reshape(
        graph.apply(matMul, { a: firstColumns(g, a, c.K), b: firstRows(g, b, c.K) }),
        [65, 65],
      );
      const { out } = await g.run({ out: g.kept(narrow) });
      const [want, sums] = [numbersOf(oracle, c.result), numbersOf(oracle, c.sum)];
      const [relative, least] = UNITS[type];
      within(
        out,
        want,
        (i) => relative * Math.abs(want[i]) + (c.K + 2) * 2 ** -24 * sums[i] + least,
        c.name,
      );
    } else await checkDifferentiable(g, c);
  });
}

function firstColumns({ build, graph }: HalfGraph, a: Value, columns: number): Value {
  const pick = build.constant([65, columns], eye(65, columns));
  // Products with 1 and 0 move elements and change none.
  return graph.apply(matMul, { a, b: pick });
}

function firstRows({ build, graph }: HalfGraph, b: Value, rows: number): Value {
  return graph.apply(matMul, { a: build.constant([rows, 65], eye(rows, 65)), b });
}

function eye(rows: number, columns: number): number[] {
  return Array.from(
    { length: rows * columns },
    (_, i) => Math.floor(i / columns) === i % columns ? 1 : 0,
  );
}

/** Results and gradients of a convolution or a norm. */
// deno-lint-ignore no-explicit-any
async function checkDifferentiable(g: HalfGraph, c: any): Promise<void> {
  const { build, graph, type } = g;
  const inputs: Record<string, Value> = Object.fromEntries(
    Object.entries<{ tensor: string }>(c.inputs).map(([name, { tensor }]) => [
      name,
      g.input(name, tensor),
    ]),
  );
  const y = g.kept(made(g, c, inputs));
  const cotangent = g.input("cotangent", c.cotangents.y.tensor);
  const names = Object.keys(c.gradients);
  const own = gradients(graph, build.reshape(y, cotangent.shape), names.map((n) => inputs[n]), {
    cotangent,
  });
  const results = await g.run(
    Object.fromEntries([["y", y], ...names.map((name, i) => [`d${name}`, own[i]])]),
  );
  const [relative, least] = UNITS[type];
  const all = [["y", c.outputs.y], ...names.map((name) => [`d${name}`, c.gradients[name]])];
  for (const [name, bounded] of all) {
    const want = numbersOf(oracle, bounded.tensor);
    const bound = boundOf(oracle, bounded, want);
    within(
      results[name],
      want,
      (i) => bound(i) + relative * Math.abs(want[i]) + least,
      `${c.name}, ${name}`,
    );
  }
}

/** The op of a case, in the oracle's layouts. */
// deno-lint-ignore no-explicit-any
function made({ build, graph }: HalfGraph, c: any, inputs: Record<string, Value>): Value {
  const { x, w, gamma, beta } = inputs;
  const { epsilon, pads_tblr, strides, group, num_groups: groups } = c.attributes;
  switch (c.op) {
    case "Conv": {
      const [t, b, l, r] = pads_tblr;
      const weight = channelsLast(build, w);
      const attributes = { strides, pads: [t, l, b, r], group };
      return channelsFirst(
        build,
        graph.apply(conv, { x: channelsLast(build, x), weight }, attributes),
      );
    }
    case "batch normalisation": {
      const zeros = build.constant(gamma.shape as number[], new Float32Array(5));
      const norm = {
        ...{ x: channelsLast(build, x), scale: gamma, bias: beta },
        ...{ mean: zeros, variance: zeros },
      };
      const settings = { epsilon, momentum: 0.1, unbiased: true, isFused: true };
      return channelsFirst(build, trainedBatchNormalization(build, norm, settings).y);
    }
    case "group normalisation": {
      const norm = { x: channelsLast(build, x), scale: gamma, bias: beta };
      return channelsFirst(build, groupNormalization(build, norm, { groups, epsilon }));
    }
    case "layer normalisation":
      return graph.apply(layerNormalization, { x, scale: gamma, bias: beta }, { epsilon });
    case "rms normalisation":
      return graph.apply(rmsNormalization, { x, gamma }, { epsilon });
    default:
      throw new Error(c.op);
  }
}

Deno.test({
  name: "golden: half_ops has all of its cases",
  ignore: isAbsent,
  fn: () => assert.equal(oracle.cases.length, 70),
});
