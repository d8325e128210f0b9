/** The arithmetic of MatMul-free LM against NumPy's: `golden/matmulfree/make_golden.py`, `ops()`. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { packBase3 } from "../../src/numeric/base3.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { ternarize } from "../../src/quantize/ternary.ts";
import { Stream } from "./seeded.ts";
import { absent, fromBits, readJson, sha256, SHARED } from "./_shared.ts";

const GOLDEN = "golden/matmulfree/ops.json";
const ENGINES: readonly SyncEngineName[] = ["reference", "wasm-simd", "wasm-relaxed"];
/** Columns, inner size and seed of each set. */
const SETS = [[16, 64, 1], [64, 1024, 2], [32, 2816, 3], [16, 6912, 4]];
const ROWS = 4;

const ignore = absent(`${SHARED}/${GOLDEN}`);
const golden = ignore ? undefined : readJson(GOLDEN);

Deno.test({ name: "ternarize() gives NumPy's trits and scales", ignore }, () => {
  SETS.forEach(([n, k, seed], i) => {
    const { trits, scale } = ternarize(new Stream(seed).take(n * k, 0.05));
    const expected = golden.ternarize[i];
    assert.equal(scale, fromBits(expected.mu_f32_bits));
    assert.equal(trits.filter((trit) => trit === 0).length, expected.zeros);
    assert.equal(sha256(trits), expected.t_i8_sha256);
  });
});

/** The rows that the oracle quantises: ordinary, tiny, empty, and one of ties. */
function rowsOf(k: number, seed: number): Float32Array {
  const y = new Stream(100 + seed).take(ROWS * k, 3);
  const [tiny, empty, ties] = [1, 2, 3].map((row) => y.subarray(row * k, (row + 1) * k));
  tiny.forEach((v, i) => tiny[i] = v * Math.fround(1e-7));
  empty.fill(0);
  ties.forEach((v, i) => ties[i] = i < 16 ? (i - 8) / 2 : Math.max(-3, Math.min(3, v)));
  ties[k - 1] = 127;
  return y;
}

/** Ones, which are their own normalisation, times a gamma for each row to quantise; then the product. */
function program(y: Float32Array, trits: Int8Array, [n, k]: readonly number[]): CompiledProgram {
  const builder = new ProgramBuilder();
  const [one, rows, columns, inner] = [1, ROWS, n, k].map((extent) => builder.expression(extent));
  const constant = (values: Float32Array, extents: number[]) =>
    builder.tensor({
      region: "constant",
      dtype: "f32",
      extents,
      data: new Uint8Array(values.buffer),
    });
  const x = constant(new Float32Array(k).fill(1), [one, inner]);
  const gamma = constant(y, [rows, inner]);
  const epsilon = constant(new Float32Array(1), [one]);
  const weight = builder.tensor({
    region: "constant",
    dtype: "i8",
    layout: "panel_8x16_t2",
    encoding: "base3",
    extents: [columns, inner],
    data: packBase3(trits),
  });
  const q = builder.tensor({
    region: "state",
    name: "q",
    dtype: "i8",
    extents: [rows, one, inner],
    encoding: "zero",
  });
  const alpha = builder.tensor({
    region: "output",
    name: "alpha",
    dtype: "f32",
    extents: [rows, one],
  });
  const a = builder.tensor({ region: "output", name: "a", dtype: "i32", extents: [rows, columns] });
  builder.instruction("rms_norm_quantize_i8", {
    x: builder.whole(x),
    gamma: builder.whole(gamma),
    epsilon: builder.whole(epsilon),
    q: builder.whole(q),
    alpha: builder.whole(alpha),
  });
  builder.instruction("linear_ternary", {
    x: builder.view(q, [rows, inner], inner),
    weight: builder.whole(weight),
    y: builder.whole(a),
  });
  builder.entry("main");
  return builder.finish();
}

for (const engine of ENGINES) {
  Deno.test({ name: `${engine} gives NumPy's codes and sums`, ignore }, async () => {
    for (const [i, [n, k, seed]] of SETS.entries()) {
      const { trits } = ternarize(new Stream(seed).take(n * k, 0.05));
      using instance = await load(program(rowsOf(k, seed), trits, [n, k]), { engine });
      const { alpha, a } = await instance.run({});
      const q = instance.readSync("q").data as Int8Array;
      const { alpha_f32_bits, q_i8_sha256, q3_first_16 } = golden.quantize_rows[i];
      assert.deepEqual(Array.from(alpha.data as Float32Array), alpha_f32_bits.map(fromBits));
      assert.deepEqual(Array.from(q.subarray(3 * k, 3 * k + 16)), q3_first_16);
      assert.equal(sha256(q), q_i8_sha256);
      const sums = a.data as Int32Array, { a_i32_sha256, a0_first_8 } = golden.bitlinear_acc[2 * i];
      assert.deepEqual(Array.from(sums.subarray(0, 8)), a0_first_8);
      assert.equal(sha256(sums), a_i32_sha256);
    }
  });

  Deno.test({ name: `${engine} gives the largest sums`, ignore }, async () => {
    for (const [i, [, k]] of SETS.entries()) {
      const ones = new Float32Array(ROWS * k).fill(1);
      using instance = await load(program(ones, new Int8Array(k).fill(1), [1, k]), { engine });
      const { a } = await instance.run({});
      assert.deepEqual(
        Array.from(a.data as Int32Array),
        Array(4).fill(golden.bitlinear_acc[2 * i + 1].a),
      );
    }
  });
}
