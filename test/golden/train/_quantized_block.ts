/** The block of `golden/mobilequant/grad.json` as a graph: its seeded tensors, LET, clipped weights, learned ranges, losses. */
import { Graph } from "../../../src/graph/graph.ts";
import type { Value } from "../../../src/graph/graph.ts";
import { linear, rmsNormalization } from "../../../src/graph/ops/mod.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { interleaveHalves } from "../../../src/models/_interleave_halves.ts";
import { likelyDivergence } from "../../../src/training/losses/divergence.ts";
import { distillation } from "../../../src/training/losses/cross_entropy.ts";
import { meanSquaredError } from "../../../src/training/losses/regression.ts";
import { moveScales } from "../../../src/training/quantization/equivalent_scales.ts";
import type { BlockWeights } from "../../../src/training/quantization/equivalent_scales.ts";
import {
  fakeQuantize,
  learnedGrid,
  symmetricCodes,
  unsignedCodes,
} from "../../../src/training/quantization/fake_quantization.ts";
import type { RangeKind } from "../../../src/training/quantization/fake_quantization.ts";
import { llamaBlock } from "../../../src/training/quantization/llama_block.ts";
import type { BlockLinear, BlockSite } from "../../../src/training/quantization/llama_block.ts";
import { clipWeight } from "../../../src/training/quantization/weight_clipping.ts";
import { Stream } from "../seeded.ts";

/** A case of the file. */
export interface BlockCase {
  readonly pairing: "half" | "interleaved";
  readonly ranges: RangeKind;
  readonly loss: "mse" | "kl" | "kl_top16";
  readonly value: number;
  readonly start: Readonly<Record<string, readonly number[]>>;
  readonly gradient: Readonly<Record<string, readonly number[]>>;
  readonly losses: readonly number[];
  readonly after: Readonly<Record<string, readonly number[]>>;
}

/** The file. */
export interface BlockFile {
  readonly seed: number;
  readonly order: readonly (readonly [string, readonly number[], number, number])[];
  readonly lr: {
    readonly let: number;
    readonly lwc: number;
    readonly scale: Readonly<Record<RangeKind, number>>;
    readonly zero: number;
  };
  readonly cases: readonly BlockCase[];
}

const SIZES = { tokens: 12, heads: 4, kvHeads: 2, headSize: 8 };
const [WIDTH, VOCABULARY, LIKELY] = [32, 48, 16];
const EPSILON = 1e-5;
/** Names of the golden, and ours. */
const LINEARS: Readonly<Record<BlockLinear, string>> = {
  q: "q",
  k: "k",
  v: "v",
  o: "o",
  gate: "g",
  up: "u",
  down: "d",
};
const SITES: { readonly [S in BlockSite]?: string } = {
  norm1: "n1",
  q: "q",
  k: "k",
  v: "v",
  context: "y",
  norm2: "n2",
  gate: "g",
  down: "z",
};

/** A parameter as it is in our block: channels that turn together are neighbours. */
export function ordered(
  { pairing }: BlockCase,
  name: string,
  values: ArrayLike<number>,
): Float64Array {
  const [, kind] = /^(?:lwc\.)?([qk])(?:\.(?:max|min))?$/.exec(name) ?? [];
  if (pairing === "interleaved" || kind === undefined) return Float64Array.from(values);
  const rows = (kind === "q" ? SIZES.heads : SIZES.kvHeads) * SIZES.headSize;
  const shape = [rows, values.length / rows];
  // All of them are float32 numbers, or what is compared with 1e-6.
  const data = Float64Array.from(values);
  const order = interleaveHalves(
    Float32Array.from({ length: rows }, (_, i) => i),
    [rows, 1],
    rows / SIZES.headSize,
  );
  return Float64Array.from(
    data,
    (_, i) => data[order[Math.floor(i / shape[1])] * shape[1] + i % shape[1]],
  );
}

/** The graph of a case: its loss, parameters and start values; `angles` and `teacher*` are inputs. */
export function quantizedBlock(file: BlockFile, c: BlockCase) {
  const stream = new Stream(file.seed);
  const tensors = new Map(
    file.order.map(([name, shape, bound, offset]) => {
      const data = stream.take(shape.reduce((a, b) => a * b, 1), bound, offset);
      return [name, { shape, data: Float32Array.from(ordered(c, name, data)) }] as const;
    }),
  );
  const graph = new Graph();
  const build = new NodeBuilder(graph);
  const constant = (name: string): Value => {
    const { shape, data } = tensors.get(name)!;
    return graph.constant(name, { dtype: "f32", shape, data });
  };
  const start = new Map<string, Float64Array>();
  const parameter = (name: string, shape?: readonly number[]): Value => {
    const data = Float64Array.from(c.start[name] ?? tensors.get(name)!.data);
    start.set(name, data);
    return graph.parameter(name, {
      dtype: "f32",
      shape: shape ?? [data.length],
      data: Float32Array.from(data),
    });
  };
  const angles = graph.input("angles", "f32", [SIZES.tokens, 2, SIZES.headSize / 2]);
  const real: BlockWeights = {
    norm1: constant("n1"),
    norm2: constant("n2"),
    ...Object.fromEntries(
      Object.entries(LINEARS).map(([name, golden]) => [name, constant(golden)]),
    ) as Record<BlockLinear, Value>,
  };
  const rms = (x: Value, gamma: Value): Value =>
    graph.apply(rmsNormalization, { x, gamma }, { epsilon: EPSILON });
  const x = constant("x");
  const teacher = llamaBlock(build, x, angles, SIZES, {
    norm: (name, x) => rms(x, real[name]),
    linear: (name, x) => graph.apply(linear, { x, weight: real[name] }),
    site: (_, x) => x,
  });
  const moved = moveScales(build, real, {
    norm1: parameter("let.n1"),
    norm2: parameter("let.n2"),
    up: parameter("let.ud"),
    values: parameter("let.vo"),
    pairs: parameter("let.qk"),
  }, SIZES);
  const student = llamaBlock(build, x, angles, SIZES, {
    norm: (name, x) => rms(x, moved[name]),
    linear(name, x) {
      const rows = moved[name].shape[0] as number;
      const logit = (of: string): Value => parameter(`lwc.${LINEARS[name]}.${of}`, [rows, 1]);
      const logits = { high: logit("max"), low: logit("min") };
      const { weight } = clipWeight(build, moved[name], logits, { bits: 4 });
      return graph.apply(linear, { x, weight });
    },
    site(name, x) {
      const golden = SITES[name];
      if (golden === undefined) return x;
      const count = c.start[`s.${golden}`].length;
      const shape = count === 1 ? [1] : [count, 1];
      const isSymmetric = golden === "q" || golden === "k";
      const codes = isSymmetric ? symmetricCodes(8) : unsignedCodes(golden === "g" ? 12 : 8);
      const range = {
        scale: parameter(`s.${golden}`, shape),
        ...!isSymmetric && { zero: parameter(`z.${golden}`, shape) },
      };
      return fakeQuantize(build, x, learnedGrid(build, c.ranges, range, codes), codes);
    },
  });
  const [gamma, weight] = [constant("nf"), constant("head")];
  const logits = (x: Value): Value => graph.apply(linear, { x: rms(x, gamma), weight });
  graph.output("teacher.residual", teacher, "teacher");
  graph.output("teacher.logits", logits(teacher), "teacher");
  const target = graph.input("target", "f32", [
    SIZES.tokens,
    c.loss === "mse" ? WIDTH : VOCABULARY,
  ]);
  let loss: Value;
  if (c.loss === "mse") loss = meanSquaredError(build, student, target);
  else if (c.loss === "kl") loss = distillation(build, logits(student), target, 1);
  else {
    loss = likelyDivergence(build, logits(student), {
      probabilities: target,
      others: graph.input("others", "f32", [SIZES.tokens, VOCABULARY]),
      rest: graph.input("rest", "f32", [SIZES.tokens, 1]),
    });
  }
  return { graph, loss, start };
}

/** What the student is held against, from what the teacher gives. */
export function targetsOf(
  c: BlockCase,
  residual: ArrayLike<number>,
  logits: ArrayLike<number>,
): Record<string, Float64Array> {
  if (c.loss === "mse") return { target: Float64Array.from(residual) };
  if (c.loss === "kl") return { target: Float64Array.from(logits) };
  const [target, others] = [new Float64Array(logits.length), new Float64Array(logits.length)];
  const rest = new Float64Array(SIZES.tokens);
  for (let row = 0; row < SIZES.tokens; row++) {
    const own = Array.from(logits).slice(row * VOCABULARY, (row + 1) * VOCABULARY);
    const most = Math.max(...own);
    const sum = own.reduce((sum, x) => sum + Math.exp(x - most), 0);
    const likely = own.map((_, i) => i).sort((a, b) => own[b] - own[a]).slice(0, LIKELY);
    others.fill(1, row * VOCABULARY, (row + 1) * VOCABULARY);
    rest[row] = 1;
    for (const id of likely) {
      const p = Math.exp(own[id] - most) / sum;
      target[row * VOCABULARY + id] = p;
      others[row * VOCABULARY + id] = 0;
      rest[row] -= p;
    }
  }
  return { target, others, rest };
}

/** Cosines and sines, θ 1e5. */
export function anglesOf(): Float64Array {
  const pairs = SIZES.headSize / 2;
  return Float64Array.from({ length: SIZES.tokens * 2 * pairs }, (_, i) => {
    const angle = Math.floor(i / (2 * pairs)) * 1e5 ** (-2 * (i % pairs) / SIZES.headSize);
    return i % (2 * pairs) < pairs ? Math.cos(angle) : Math.sin(angle);
  });
}
