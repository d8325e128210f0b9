/** Ops of Llamas with ternary weights. */
import * as ops from "../../../src/graph/ops/mod.ts";
import { codes, constant, floats, matrix, scalar, sum } from "./_case.ts";
import type { RuleCase } from "./_case.ts";

const [T, C, N] = [3, 8, 5];
// A row whose largest number is 127, so that alpha is 1 and halves are ties; one of zeros; any other.
const halves = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -126.5];
const rows = Float32Array.from([...halves, ...new Array(C).fill(0), ...floats(C)]);
const evens = [127, 0, 2, 2, 0, -2, -2, -126];
const most = Math.max(...rows.slice(2 * C).map(Math.abs));
const others = [...rows.slice(2 * C)].map((x) => Math.round(x * 127 / most));

const q = Int8Array.from(codes(T * C));
const trits = Int8Array.from(codes(N * C, -1, 1));
const alpha = Float32Array.of(1, 2, 0.5);
const sums = Int32Array.from(codes(T * N, -(2 ** 20), 2 ** 20));
const scale = floats(N);
const table = Int8Array.from(codes(N * C));
const index = Int32Array.of(4, 0, 4);
const [gate, up] = [floats(T * C), floats(T * C)];

/** Cases of the ops. */
export const TERNARY_LLAMA_CASES: readonly RuleCase[] = [
  {
    op: "QuantizeRows",
    of: "codes, ties to even",
    make: (g) => g.applyAll(ops.quantizeRows, { x: g.input("x", "f32", [T, C]) }).q,
    inputs: { x: rows },
    expected: [...evens, ...new Array(C).fill(0), ...others],
  },
  {
    op: "QuantizeRows",
    of: "factors, that of a row of zeros too",
    make: (g) => g.applyAll(ops.quantizeRows, { x: g.input("x", "f32", [T, C]) }).alpha,
    inputs: { x: rows },
    expected: [1, 127e5, 127 / most],
    within: 1,
  },
  {
    op: "LinearTernary",
    of: "sums times the scale over the row's factor",
    make: (g) =>
      g.apply(ops.linearTernary, {
        x: g.input("q", "i8", [T, C]),
        alpha: g.input("alpha", "f32", [T, 1]),
        weight: constant(g, "i8", [N, C], trits),
        weightScale: scalar(g, 0.75),
      }),
    inputs: { q, alpha },
    expected: matrix(
      T,
      N,
      (r, n) => sum(C, (k) => q[r * C + k] * trits[n * C + k]) * 0.75 / alpha[r],
    ),
  },
  {
    op: "DequantizeRows",
    of: "a scale for each column, over the row's factor",
    make: (g) =>
      g.apply(ops.dequantizeRows, {
        x: g.input("sums", "i32", [T, N]),
        scale: constant(g, "f32", [N], scale),
        alpha: g.input("alpha", "f32", [T, 1]),
      }),
    inputs: { sums, alpha },
    expected: matrix(T, N, (r, n) => Math.fround(sums[r * N + n] * scale[n]) / alpha[r]),
  },
  {
    op: "EmbeddingScaled",
    of: "a scale for each row of the table",
    make: (g) =>
      g.apply(ops.embeddingScaled, {
        table: constant(g, "i8", [N, C], table),
        scale: constant(g, "f32", [N], scale),
        index: g.input("index", "i32", [T], { check: "below", limit: N }),
      }),
    inputs: { index },
    expected: matrix(
      T,
      C,
      (r, c) => Math.fround(table[index[r] * C + c] * scale[index[r]]),
    ),
  },
  {
    op: "ReluSquaredGlu",
    of: "0 where the gate is negative",
    make: (g) =>
      g.apply(ops.reluSquaredGlu, {
        gate: g.input("gate", "f32", [T, C]),
        up: g.input("up", "f32", [T, C]),
      }),
    inputs: { gate, up },
    expected: matrix(T, C, (r, c) => Math.max(gate[r * C + c], 0) ** 2 * up[r * C + c]),
    within: 1e-6,
  },
];
