/** Ops of codes: exact integers, and norms and softmax as near to real ones as their grids allow. */
import * as ops from "../../../src/graph/ops/mod.ts";
import {
  clamped,
  codes,
  constant,
  floats,
  integers,
  matrix,
  nearest,
  scalar,
  siluOf,
  softmaxOf,
  sum,
} from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [R, C, N] = [3, 8, 5];
const x = Int8Array.from(codes(R * C));
const wide = Int16Array.from(codes(R * C, -2048, 2047));
const at = (data: ArrayLike<number>, r: number, c: number, columns = C) => data[r * columns + c];

const weight = Int8Array.from(codes(N * C, -63, 63));
const bias = Int32Array.from(codes(N, -5000, 5000));
const dot = (data: ArrayLike<number>, r: number, n: number) =>
  sum(C, (k) => at(data, r, k) * at(weight, n, k));

const [B, Q, L, HEADS] = [2, 3, 4, 2];
const q = Int8Array.from(codes(B * Q * C));
const k = Int8Array.from(codes(B * L * C));
const p = Int16Array.from(codes(B * HEADS * Q * L, 0, 8000));

const [multipliers, shifts] = [[0.013, 0.4, 0.11, 0.02, 0.25, 0.3, 0.05, 0.07], 20];
const integerMultipliers = multipliers.map((m) => Math.round(m * 2 ** shifts));
const accumulators = Int32Array.from(codes(R * C, -900, 900));
const residual = Int16Array.from(codes(R * C, -3000, 3000));
const scaled = (value: number, c: number) => nearest(value * integerMultipliers[c] / 2 ** shifts);

const reals = floats(R * C);
const bytes = Uint8Array.from(codes(R * C, 0, 255));
const tables = Int8Array.from(codes(2 * 256));
const norm = Int32Array.from(codes(C, -(2 ** 26), 2 ** 26));

/** Scores `[2, 2, 3, 4]` and a mask for each image. */
const scores = Int8Array.from(codes(B * HEADS * Q * L));
const mask = Uint8Array.from({ length: 2 * Q * L }, (_, i) => i % 5 === 1 ? 1 : 0);
const STEP = 1 / 32;
const exponentials = Array.from(
  { length: 256 },
  (_, d) => Math.round(2 ** 20 * Math.exp(-d * STEP)),
);
const probabilities = Array.from({ length: B * HEADS * Q }, (_, row) => {
  const [b, i] = [Math.floor(row / (HEADS * Q)), row % Q];
  return softmaxOf(
    Array.from(
      { length: L },
      (_, j) => mask[(b * Q + i) * L + j] ? -Infinity : scores[row * L + j] * STEP,
    ),
  );
}).flat();

/** Integer ops. */
export const INTEGER_CASES: readonly RuleCase[] = [
  {
    op: "LinearInteger",
    of: "with a bias",
    make: (g) =>
      g.apply(ops.linearInteger, {
        x: g.input("x", "i8", [R, C]),
        weight: constant(g, "i8", [N, C], weight),
        bias: constant(g, "i32", [N], bias),
      }, { weightBits: 8 }),
    inputs: { x },
    expected: matrix(R, N, (r, n) => dot(x, r, n) + bias[n]),
  },
  {
    op: "LinearInteger",
    of: "7-bit weights, no bias",
    make: (g) =>
      g.apply(ops.linearInteger, {
        x: g.input("x", "i8", [R, C]),
        weight: constant(g, "i8", [N, C], weight),
      }, { weightBits: 7 }),
    inputs: { x },
    expected: matrix(R, N, (r, n) => dot(x, r, n)),
  },
  {
    op: "LinearInteger",
    of: "codes of 16 bits",
    make: (g) =>
      g.apply(ops.linearInteger, {
        x: g.input("x", "i16", [R, C]),
        weight: constant(g, "i8", [N, C], weight),
      }),
    inputs: { x: wide },
    expected: matrix(R, N, (r, n) => dot(wide, r, n)),
  },
  {
    op: "AttentionScoresInteger",
    of: "for each head",
    make: (g) =>
      g.apply(ops.attentionScoresInteger, {
        q: g.input("q", "i8", [B, Q, C]),
        k: g.input("k", "i8", [B, L, C]),
      }, { heads: HEADS }),
    inputs: { q, k },
    expected: matrix(B * HEADS * Q, L, (row, j) => {
      const [b, h, i] = [Math.floor(row / (HEADS * Q)), Math.floor(row / Q) % HEADS, row % Q];
      return sum(4, (d) => at(q, b * Q + i, h * 4 + d) * at(k, b * L + j, h * 4 + d));
    }),
  },
  {
    op: "AttentionValuesInteger",
    of: "for each head",
    make: (g) =>
      g.apply(ops.attentionValuesInteger, {
        p: g.input("p", "i16", [B, HEADS, Q, L]),
        v: g.input("k", "i8", [B, L, C]),
      }),
    inputs: { p, k },
    expected: matrix(B * Q, C, (row, c) => {
      const [b, i, h] = [Math.floor(row / Q), row % Q, Math.floor(c / 4)];
      return sum(L, (j) => p[((b * HEADS + h) * Q + i) * L + j] * at(k, b * L + j, c));
    }),
  },
  {
    op: "Requantize",
    of: "by column, with a residual and a zero point",
    make: (g) =>
      g.apply(ops.requantize, {
        x: g.input("x", "i32", [R, C]),
        multiplier: integers(g, ...integerMultipliers),
        shift: integers(g, ...multipliers.map(() => shifts)),
        identity: g.input("z", "i16", [R, C]),
        identityMultiplier: integers(g, 3),
        identityShift: integers(g, 7),
        zeroPoint: integers(g, -17),
      }, { to: "i8" }),
    inputs: { x: accumulators, z: residual },
    expected: matrix(
      R,
      C,
      (r, c) =>
        clamped(scaled(at(accumulators, r, c), c) + nearest(at(residual, r, c) * 3 / 128) - 17, 8),
    ),
  },
  {
    op: "Requantize",
    of: "to 16 bits",
    make: (g) =>
      g.apply(ops.requantize, {
        x: g.input("x", "i32", [R, C]),
        multiplier: integers(g, 97),
        shift: integers(g, 1),
      }, { to: "i16" }),
    inputs: { x: accumulators },
    expected: [...accumulators].map((value) => clamped(nearest(value * 97 / 2), 16)),
  },
  {
    op: "QuantizeLinear",
    of: "with a zero point",
    make: (g) =>
      g.apply(ops.quantizeLinear, {
        x: g.input("x", "f32", [R, C]),
        scale: scalar(g, 2 ** -7),
        zeroPoint: integers(g, 40),
      }, { to: "i8" }),
    inputs: { x: reals },
    expected: [...reals].map((value) => clamped(nearest(value * 2 ** 7) + 40, 8)),
  },
  {
    op: "QuantizeLinear",
    of: "to 16 bits",
    make: (g) =>
      g.apply(ops.quantizeLinear, { x: g.input("x", "f32", [R, C]), scale: scalar(g, 2 ** -12) }, {
        to: "i16",
      }),
    inputs: { x: reals },
    expected: [...reals].map((value) => nearest(value * 2 ** 12)),
  },
  {
    op: "DequantizeLinear",
    of: "by column, with a zero point",
    make: (g) =>
      g.apply(ops.dequantizeLinear, {
        x: g.input("x", "i8", [R, C]),
        scale: constant(g, "f32", [C], Float32Array.from({ length: C }, (_, c) => 2 ** (c - 4))),
        zeroPoint: integers(g, 9),
      }),
    inputs: { x },
    expected: matrix(R, C, (r, c) => (at(x, r, c) - 9) * 2 ** (c - 4)),
  },
  {
    op: "Lookup",
    of: "codes, tables by column",
    make: (g) =>
      g.apply(ops.lookup, {
        x: g.input("x", "i8", [R, C]),
        table: constant(g, "i8", [2, 256], tables),
      }),
    inputs: { x },
    expected: matrix(R, C, (r, c) => tables[c % 2 * 256 + at(x, r, c) + 128]),
  },
  {
    op: "Lookup",
    of: "bytes",
    make: (g) =>
      g.apply(ops.lookup, {
        x: g.input("x", "u8", [R, C]),
        table: constant(g, "i8", [1, 256], tables.slice(256)),
      }),
    inputs: { x: bytes },
    expected: [...bytes].map((byte) => tables[256 + byte]),
  },
  {
    op: "LayerNormInteger",
    of: "beside a real one",
    make: (g) =>
      g.apply(ops.layerNormInteger, {
        x: g.input("x", "i16", [R, C]),
        bias: constant(g, "i32", [C], norm),
      }),
    inputs: { x: wide },
    // z = 2^30·d/√Σd² + bias; the mean is rounded (½ of some 3,000) and so is the root.
    expected: matrix(R, C, (r, c) => {
      const mean = sum(C, (i) => at(wide, r, i)) / C;
      const root = Math.sqrt(sum(C, (i) => (at(wide, r, i) - mean) ** 2));
      return 2 ** 30 * (at(wide, r, c) - mean) / root + norm[c];
    }),
    within: 2 ** 30 / 1500,
  },
  {
    op: "ShiftGelu",
    of: "beside x·σ(1.702·x)",
    make: (g) =>
      g.apply(ops.shiftGelu, {
        x: g.input("x", "i8", [R, C]),
        x0: integers(g, Math.floor(-1 / (1.702 * STEP))),
      }),
    inputs: { x },
    // In units of STEP/128; Shiftmax is within 6 % of the sigmoid, x within 4.
    expected: [...x].map((code) => siluOf(1.702 * code * STEP) / 1.702 / STEP * 128),
    within: 128 * 127 * 0.06,
  },
  {
    op: "SoftmaxInteger",
    of: "a table, masked",
    make: (g) =>
      g.apply(ops.softmaxInteger, {
        x: g.input("x", "i8", [B, HEADS, Q, L]),
        parameter: integers(g, ...exponentials),
        mask: constant(g, "u8", [2, Q, L], mask),
      }, { mode: "table", bits: 16 }),
    inputs: { x: scores },
    expected: probabilities.map((value) => value * 2 ** 15),
    within: 1.5,
  },
  {
    op: "SoftmaxInteger",
    of: "Shiftmax in 8 bits, masked",
    make: (g) =>
      g.apply(ops.softmaxInteger, {
        x: g.input("x", "i8", [B, HEADS, Q, L]),
        parameter: integers(g, -1 / STEP),
        mask: constant(g, "u8", [2, Q, L], mask),
      }, { mode: "shift", bits: 8 }),
    inputs: { x: scores },
    expected: probabilities.map((value) => value * 2 ** 7),
    within: 8,
  },
];
