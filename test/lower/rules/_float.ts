import * as ops from "../../../src/graph/ops/mod.ts";
import { constant, floats, matrix, softmaxOf, sum } from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [R, C, N] = [3, 8, 5];
const x = floats(R * C);
const at = (data: ArrayLike<number>, r: number, c: number, columns = C) => data[r * columns + c];

const [weight, bias] = [floats(N * C), floats(N)];
const product = (r: number, n: number) => sum(C, (k) => at(x, r, k) * at(weight, n, k));

const [gamma, beta] = [floats(C), floats(C)];
function normalized(r: number, c: number, epsilon: number): number {
  const mean = sum(C, (k) => at(x, r, k)) / C;
  const variance = sum(C, (k) => (at(x, r, k) - mean) ** 2) / C;
  return (at(x, r, c) - mean) / Math.sqrt(variance + epsilon) * gamma[c];
}

/** erf by its integral, in 2000 trapezia. */
function erfOf(z: number): number {
  const f = (t: number) => 2 / Math.sqrt(Math.PI) * Math.exp(-t * t);
  return sum(2000, (i) => (f(z * i / 2000) + f(z * (i + 1) / 2000)) / 2 * z / 2000);
}

/** Attention `[B, Q, C]` with heads, a bias `[heads, Q, L]`, a mask `[W, Q, L]`. */
const [B, Q, L, HEADS, SCALE] = [2, 3, 4, 2, 0.7];
const [q, k, v] = [floats(B * Q * C), floats(B * L * C), floats(B * L * C)];
const [table, pairs] = [floats(7 * HEADS), [0, 1, 2, 3, 4, 5, 6, 0, 2]];
const scoreBias = floats(HEADS * Q * L);
const mask = Uint8Array.from({ length: 2 * Q * L }, (_, i) => i % 5 === 1 ? 1 : 0);

function attended(
  length: number,
  queries: ArrayLike<number>,
  keys: ArrayLike<number>,
  values: ArrayLike<number>,
  { biasAt = () => 0, hidden = () => false }: {
    biasAt?: (h: number, i: number, j: number) => number;
    hidden?: (b: number, i: number, j: number) => boolean;
  },
): number[] {
  const width = C / HEADS;
  return matrix(B * Q, C, (row, c) => {
    const [b, i, h] = [Math.floor(row / Q), row % Q, Math.floor(c / width)];
    const scores = Array.from({ length }, (_, j) =>
      hidden(b, i, j) ? -Infinity : SCALE * sum(
            width,
            (d) => at(queries, row, h * width + d) * at(keys, b * length + j, h * width + d),
          ) + biasAt(h, i, j));
    const p = softmaxOf(scores);
    return sum(length, (j) => p[j] * at(values, b * length + j, c));
  });
}

const planes = { q, k, v };
const attention = { heads: HEADS, scale: SCALE };

/** Float32 ops. */
export const FLOAT_CASES: readonly RuleCase[] = [
  {
    op: "Add",
    of: "both operands",
    make: (g) =>
      g.apply(ops.add, { a: g.input("x", "f32", [R, C]), b: g.input("z", "f32", [R, C]) }),
    inputs: { x, z: x.map((value) => value * 3) },
    expected: [...x].map((value) => value * 4),
    within: 1e-6,
  },
  {
    op: "Add",
    of: "a row that repeats",
    make: (g) =>
      g.apply(ops.add, { a: g.input("x", "f32", [R, C]), b: constant(g, "f32", [C], gamma) }),
    inputs: { x },
    expected: matrix(R, C, (r, c) => Math.fround(at(x, r, c) + gamma[c])),
  },
  {
    op: "Linear",
    of: "with a bias",
    make: (g) =>
      g.apply(ops.linear, {
        x: g.input("x", "f32", [R, C]),
        weight: constant(g, "f32", [N, C], weight),
        bias: constant(g, "f32", [N], bias),
      }),
    inputs: { x },
    expected: matrix(R, N, (r, n) => product(r, n) + bias[n]),
    within: 1e-6,
  },
  {
    op: "Linear",
    of: "without a bias",
    make: (g) =>
      g.apply(ops.linear, {
        x: g.input("x", "f32", [R, C]),
        weight: constant(g, "f32", [N, C], weight),
      }),
    inputs: { x },
    expected: matrix(R, N, product),
    within: 1e-6,
  },
  {
    op: "LayerNormalization",
    of: "with a bias",
    make: (g) =>
      g.apply(ops.layerNormalization, {
        x: g.input("x", "f32", [R, C]),
        scale: constant(g, "f32", [C], gamma),
        bias: constant(g, "f32", [C], beta),
      }, { epsilon: 0.25 }),
    inputs: { x },
    expected: matrix(R, C, (r, c) => normalized(r, c, 0.25) + beta[c]),
    within: 1e-6,
  },
  {
    op: "LayerNormalization",
    of: "without a bias",
    make: (g) =>
      g.apply(ops.layerNormalization, {
        x: g.input("x", "f32", [R, C]),
        scale: constant(g, "f32", [C], gamma),
      }, { epsilon: 1e-3 }),
    inputs: { x },
    expected: matrix(R, C, (r, c) => normalized(r, c, 1e-3)),
    within: 1e-6,
  },
  {
    op: "Gelu",
    of: "of an input",
    make: (g) => g.apply(ops.gelu, { x: g.input("x", "f32", [R, C]) }),
    inputs: { x },
    expected: [...x].map((value) => value / 2 * (1 + erfOf(value / Math.SQRT2))),
    within: 1e-6,
  },
  {
    op: "Softmax",
    of: "of rows",
    make: (g) => g.apply(ops.softmax, { x: g.input("x", "f32", [R, C]) }),
    inputs: { x },
    expected: Array.from({ length: R }, (_, r) => softmaxOf([...x.slice(r * C, r * C + C)])).flat(),
    within: 1e-6,
  },
  {
    op: "AttentionScores",
    of: "an attention, bias and mask",
    make(g) {
      const [query, key] = [g.input("q", "f32", [B, Q, C]), g.input("k", "f32", [B, L, C])];
      const scores = g.apply(ops.attentionScores, { q: query, k: key }, attention);
      const biased = g.apply(ops.add, {
        a: scores,
        b: constant(g, "f32", [HEADS, Q, L], scoreBias),
      });
      const p = g.apply(ops.softmax, { x: biased, mask: constant(g, "u8", [2, Q, L], mask) });
      return g.apply(ops.attentionValues, { p, v: g.input("v", "f32", [B, L, C]) });
    },
    inputs: planes,
    expected: attended(L, q, k, v, {
      biasAt: (h, i, j) => scoreBias[(h * Q + i) * L + j],
      hidden: (b, i, j) => mask[(b * Q + i) * L + j] !== 0,
    }),
    within: 1e-6,
  },
  {
    op: "AttentionValues",
    of: "an attention without a bias",
    make(g) {
      const [query, key] = [g.input("q", "f32", [B, Q, C]), g.input("k", "f32", [B, L, C])];
      const p = g.apply(ops.softmax, {
        x: g.apply(ops.attentionScores, { q: query, k: key }, attention),
      });
      return g.apply(ops.attentionValues, { p, v: g.input("v", "f32", [B, L, C]) });
    },
    inputs: planes,
    expected: attended(L, q, k, v, {}),
    within: 1e-6,
  },
  {
    op: "RelativePositionBias",
    of: "as the bias of an attention",
    make(g) {
      const query = g.input("q", "f32", [B, Q, C]);
      const b = g.apply(ops.relativePositionBias, {
        table: constant(g, "f32", [7, HEADS], table),
        index: constant(g, "i32", [Q * Q], Int32Array.from(pairs)),
      });
      const scores = g.apply(ops.attentionScores, { q: query, k: query }, attention);
      const p = g.apply(ops.softmax, { x: g.apply(ops.add, { a: scores, b }) });
      return g.apply(ops.attentionValues, { p, v: query });
    },
    inputs: { q },
    expected: attended(Q, q, q, q, { biasAt: (h, i, j) => at(table, pairs[i * Q + j], h, HEADS) }),
    within: 1e-6,
  },
];
