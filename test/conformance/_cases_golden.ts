/** Vectors of the numpy oracle, and the worked numbers of its specification, as cases. */
import operatorVectors from "../vectors/op_vectors.json" with { type: "json" };
import tableVectors from "../vectors/vectors_table.json" with { type: "json" };
import { dyadic } from "../../src/numeric/dyadic.ts";
import type { Dyadic } from "../../src/numeric/dyadic.ts";
import { shiftExponent } from "../../src/quantize/integer_constants.ts";
import type { Case, Value } from "./_case.ts";
import { float32, halved } from "./_scales.ts";
import { given } from "./_values.ts";

type Matrix = readonly (readonly number[])[];

/** A matrix as an operand, `before` being its leading extents in front of the rows. */
function matrix(dtype: Value["dtype"], rows: Matrix, before: readonly number[] = []): Value {
  return given(dtype, [...before, rows.length, rows[0].length], rows.flat());
}

function constant(...values: number[]): Value {
  return given("i32", [values.length], values);
}

function requantizeCase(
  name: string,
  z: readonly number[],
  dyadics: readonly Dyadic[],
  expected: readonly number[],
): Case {
  return {
    name,
    instruction: "requantize",
    operands: {
      x: given("i32", [1, z.length], z),
      multiplier: constant(...dyadics.map(({ multiplier }) => multiplier)),
      shift: constant(...dyadics.map(({ shift }) => shift)),
    },
    results: { y: { dtype: "i32", extents: [1, z.length] } },
    expected: { y: expected },
  };
}

function softmaxCase(
  name: string,
  x: Matrix,
  by: { x0: Value } | { exponentials: Value },
  bits: 8 | 16,
  expected: Matrix,
  masked?: Matrix,
): Case {
  return {
    name,
    instruction: "softmax_i8",
    operands: {
      x: matrix("i8", x, [1, 1]),
      ...by,
      mask: masked && matrix("u8", masked, [1]),
    },
    results: { y: { dtype: bits === 8 ? "i8" : "i16", extents: [1, 1, x.length, x[0].length] } },
    expected: { y: expected.flat() },
  };
}

function geluCase(name: string, x: Matrix, x0: number, expected: Matrix): Case {
  return {
    name,
    instruction: "shift_gelu",
    operands: { x: matrix("i8", x), x0: constant(x0) },
    results: { y: { dtype: "i32", extents: [x.length, x[0].length] } },
    expected: { y: expected.flat() },
  };
}

function layerNormCase(
  name: string,
  x: Matrix,
  bias: readonly number[],
  expected: Matrix,
): Case {
  return {
    name,
    instruction: "layer_norm_i16",
    operands: { x: matrix("i16", x), bias: constant(...bias) },
    results: { y: { dtype: "i32", extents: [x.length, bias.length] } },
    expected: { y: expected.flat() },
  };
}

function exponentialsOf(scale: number): Value {
  return constant(
    ...Array.from({ length: 256 }, (_, d) => Math.round(Math.exp(-d * scale) * 2 ** 20)),
  );
}

function* operators(): Generator<Case> {
  const { requant, softmax, gelu, layernorm } = operatorVectors;
  for (const { A, B, m, e, z, rne } of requant) {
    yield requantizeCase(`requant ${m}·2^-${e}`, z, [halved(m, e)], rne);
    yield requantizeCase(`requant ${A}/${B}`, z, [dyadic(float32(A), float32(B))], rne);
  }
  for (const { s, x, y16, y8 } of softmax) {
    const x0 = constant(shiftExponent(float32(s)));
    yield softmaxCase(`shift softmax, s ${s}, 16 bits`, x, { x0 }, 16, y16);
    yield softmaxCase(`shift softmax, s ${s}, 8 bits`, x, { x0 }, 8, y8);
  }
  for (const { s, x, y } of gelu) {
    const x0 = shiftExponent(Math.fround(float32(s) * Math.fround(1.702)));
    yield geluCase(`shift GELU, s ${s}`, x, x0, y);
  }
  for (const { C, x, bias, y } of layernorm) yield layerNormCase(`LayerNorm ${C}`, x, bias, y);
}

function* tables(): Generator<Case> {
  const v = tableVectors;
  const codes = Array.from({ length: 256 }, (_, i) => i - 128);
  for (const { s, s_out, T } of v.gelu_table) {
    yield {
      name: `GELU table ${s} → ${s_out}`,
      instruction: "lookup",
      operands: { x: matrix("i8", [codes]), table: given("i8", [1, 256], T) },
      results: { y: { dtype: "i8", extents: [1, 256] } },
      expected: { y: T },
    };
  }
  for (const { s, x, p } of v.softmax_table) {
    const exponentials = exponentialsOf(float32(s));
    yield softmaxCase(`table softmax, s ${s}`, x, { exponentials }, 16, p);
  }
  const table = v.softmax_table_masked;
  const exponentials = exponentialsOf(float32(table.s));
  yield softmaxCase("masked table softmax", table.x, { exponentials }, 16, table.p, table.masked);
  const shift = v.softmax_shift_masked_8_bit;
  const x0 = constant(shiftExponent(float32(shift.s)));
  yield softmaxCase("masked shift softmax", shift.x, { x0 }, 8, shift.p, shift.masked);
  for (const { s, x0, x, y } of v.gelu_shift_small_scale) yield geluCase(`GELU, s ${s}`, x, x0, y);
  const norm = v.layernorm_negative_and_small_gamma;
  yield layerNormCase("LayerNorm, negative and small γ", norm.x, norm.bias_int, norm.y);
  for (const { z, m, e, r } of v.requantize_exact) {
    yield requantizeCase(`requant ${z}·${m}·2^-${e}`, [z], [halved(m, e)], [r]);
  }
  yield* residuals();
  const { p, v: values, acc } = v.attention_times_value;
  yield {
    name: "attention times value",
    instruction: "attention_values_i8",
    attributes: { heads: 1 },
    operands: { p: matrix("i16", p, [1, 1]), v: matrix("i8", values, [1]) },
    results: { y: { dtype: "i32", extents: [1, p.length, values[0].length] } },
    expected: { y: acc.flat() },
  };
}

function* residuals(): Generator<Case> {
  const { A, A_id, B, z, identity, out_16 } = tableVectors.residual;
  const first = dyadic(float32(A), float32(B));
  const second = dyadic(float32(A_id), float32(B));
  yield {
    name: "residual",
    instruction: "requantize",
    operands: {
      x: given("i32", [1, z.length], z),
      multiplier: constant(first.multiplier),
      shift: constant(first.shift),
      identity: given("i16", [z.length], identity),
      identity_multiplier: constant(second.multiplier),
      identity_shift: constant(second.shift),
    },
    results: { y: { dtype: "i16", extents: [1, z.length] } },
    expected: { y: out_16 },
  };
}

/** The rounding and the residual of `golden/llama-int`: x, m, e, round_even(x·m / 2^e). */
const ROUND_EVEN: readonly (readonly [x: number, m: number, e: number, y: number])[] = [
  [1, 1, 1, 0],
  [3, 1, 1, 2],
  [-1, 1, 1, 0],
  [-3, 1, 1, -2],
  [5, 1, 1, 2],
  [2147483647, 2147483647, 31, 2147483646],
  [-2147483647, 2147483647, 31, -2147483646],
  [2147483647, 2147483647, 62, 1],
  [33596946, 1491282745, 50, 45],
  [-33596946, 1491282745, 50, -45],
  [12345, 1073741824, 31, 6172],
  [12347, 1073741824, 32, 3087],
  [-12347, 1073741824, 32, -3087],
  [7, 1073741824, 62, 0],
];

/** `clamp(r + round_even(x·m / 2^e), −R, R)`. */
function* integerResiduals(): Generator<Case> {
  const extents = [1, ROUND_EVEN.length];
  const given32 = (values: readonly number[]) => given("i32", extents, values);
  // R of 64 and of 576 channels with 16 fractional bits, and one that cuts.
  for (const limit of [268435455, 89478485, 3000]) {
    for (const r of [0, 1000, -89478000]) {
      yield {
        name: `round_even, r ${r}, R ${limit}`,
        instruction: "residual_i32",
        operands: {
          x: given32(ROUND_EVEN.map(([x]) => x)),
          multiplier: constant(...ROUND_EVEN.map(([, m]) => m)),
          shift: constant(...ROUND_EVEN.map(([, , e]) => e)),
          identity: given32(ROUND_EVEN.map(() => r)),
          limit: constant(limit),
        },
        results: { y: { dtype: "i32", extents } },
        expected: { y: ROUND_EVEN.map(([, , , y]) => Math.max(-limit, Math.min(limit, r + y))) },
      };
    }
  }
}

/** `../spec/ivit.md` §11. */
function* worked(): Generator<Case> {
  yield requantizeCase(
    "0.0123 / 0.0456",
    [1000, -1000, 5],
    [dyadic(Math.fround(0.0123), Math.fround(0.0456))],
    [270, -270, 1],
  );
  yield requantizeCase(
    "3e-9 / 0.02",
    [123456789],
    [dyadic(Math.fround(3e-9), Math.fround(0.02))],
    [19],
  );
  const scores = [[10, 7, -3, 0, -120]];
  const x0 = constant(-13);
  yield softmaxCase("Shiftmax", scores, { x0 }, 16, [[12083, 10224, 4647, 5809, 0]]);
  yield softmaxCase("Shiftmax, 8 bits", scores, { x0 }, 8, [[47, 39, 18, 22, 0]]);
  yield geluCase(
    "ShiftGELU",
    [[100, 50, 10, 1, 0, -1, -10, -50, -120]],
    -10,
    [[12500, 6350, 920, 65, 0, -59, -330, 0, 0]],
  );
  const bias = Array(8).fill(0);
  yield layerNormCase("LayerNorm", [[1000, -500, 250, 0, 3, -7, 12000, -9000]], bias, [[
    38119928,
    -69361072,
    -15620572,
    -33534072,
    -33319110,
    -34035650,
    826313928,
    -678420072,
  ]]);
  for (const [row, mean] of [[[1, 2, 1, 2], 2], [[2, 3, 2, 3], 2]] as const) {
    yield {
      name: `mean of ${row}`,
      instruction: "mean_rows",
      operands: { x: given("i8", [1, 4, 1], row) },
      results: { y: { dtype: "i8", extents: [1, 1] } },
      expected: { y: [mean] },
    };
  }
}

/** All cases with results that are known from elsewhere. */
export function* goldenCases(): Generator<Case> {
  yield* operators();
  yield* tables();
  yield* worked();
  yield* integerResiduals();
}
