/** GPTQ beside its authors' form, which has the inverse of H and updates the weights that are left. */
import assert from "node:assert/strict";
import { gptqCodes, stepsOf } from "../../src/quantize/gptq.ts";
import { chosenRanges, RANGE_FACTORS } from "../../src/quantize/range_factors.ts";
import { quantizeShifted } from "../../src/quantize/shifted_weights.ts";
import type { ShiftedWeight } from "../../src/quantize/shifted_weights.ts";
import { Random } from "../conformance/_random.ts";

const random = new Random(11);
const signed = (): number => random.unit() * 2 - 1;

/** Second moments of inputs that depend on one another. */
function momentsOf(k: number): Float32Array {
  const mixed = Array.from({ length: k }, (_, c) => ({ of: c % 5, size: c % 7 === 0 ? 6 : 1 }));
  const moments = new Float32Array(k * k);
  for (let t = 0; t < 4 * k; t++) {
    const common = Array.from({ length: 5 }, signed);
    const x = mixed.map(({ of, size }) => size * (common[of] + signed()));
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) moments[i * k + j] += x[i] * x[j];
  }
  return moments;
}

function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const a = matrix.map((row, i) => [...row, ...row.map((_, j) => i === j ? 1 : 0)]);
  for (let c = 0; c < n; c++) {
    const pivot = a[c][c];
    a[c] = a[c].map((x) => x / pivot);
    for (let r = 0; r < n; r++) {
      const factor = a[r][c];
      if (r !== c) a[r] = a[r].map((x, i) => x - factor * a[c][i]);
    }
  }
  return a.map((row) => row.slice(n));
}

/** Codes as in the paper: quantise a column, take the error over [H⁻¹]_qq off the others, remove it from H⁻¹. */
function byInverse(rows: Float32Array, n: number, weight: ShiftedWeight, moments: Float32Array) {
  const k = rows.length / n;
  const groups = weight.zero!.length / n;
  const steps = stepsOf({ ...weight, zero: weight.zero! });
  const order = Array.from({ length: k }, (_, c) => c)
    .sort((a, b) => moments[b * k + b] - moments[a * k + a] || b - a);
  const mean = order.reduce((sum, c) => sum + moments[c * k + c], 0) / k;
  const damped = order.map((a) =>
    order.map((b) => moments[a * k + b] + (a === b ? 0.01 * mean : 0))
  );
  const codes = new Uint8Array(n * k);
  for (let r = 0; r < n; r++) {
    const w = order.map((c) => rows[r * k + c]);
    let h = inverse(damped);
    for (let i = 0; i < k; i++) {
      const at = r * groups + Math.floor(order[i] / weight.group);
      const code = Math.max(0, Math.min(15, Math.round(w[i] / steps[at]) + weight.zero![at]));
      codes[r * k + order[i]] = code;
      const error = (w[i] - (code - weight.zero![at]) * steps[at]) / h[i][i];
      for (let j = i; j < k; j++) w[j] -= error * h[i][j];
      h = h.map((row, a) => row.map((x, b) => x - h[a][i] * h[i][b] / h[i][i]));
    }
  }
  return codes;
}

/** `Σ (w − ŵ)·H·(w − ŵ)ᵀ` over rows. */
function errorOf(rows: Float32Array, n: number, weight: ShiftedWeight, moments: Float32Array) {
  const k = rows.length / n;
  const groups = weight.zero!.length / n;
  const steps = stepsOf({ ...weight, zero: weight.zero! });
  let sum = 0;
  for (let r = 0; r < n; r++) {
    const d = Array.from({ length: k }, (_, c) => {
      const at = r * groups + Math.floor(c / weight.group);
      return rows[r * k + c] - (weight.codes[r * k + c] - weight.zero![at]) * steps[at];
    });
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) sum += d[i] * d[j] * moments[i * k + j];
  }
  return sum;
}

for (const bits of ["w4a8", "w4a8g64", "w4a8g32"] as const) {
  Deno.test(`GPTQ of ${bits} is that of the paper, and better than the nearest codes`, () => {
    for (const [n, k] of [[3, 7], [35, 33], [5, 100]]) {
      const rows = Float32Array.from({ length: n * k }, signed);
      const moments = momentsOf(k);
      const { ranges, ...weight } = quantizeShifted(rows, n, bits, 255, "x", { moments });
      assert.deepEqual(weight.codes, byInverse(rows, n, weight, moments));
      const nearest = quantizeShifted(rows, n, bits, 255, "x");
      const part = errorOf(rows, n, weight, moments) / errorOf(rows, n, nearest, moments);
      assert.ok(part < 0.8, `${part} of the error`);
      // What is above the diagonal is not read; ranges that are given are taken.
      const lower = moments.map((x, at) => at % k > Math.floor(at / k) ? NaN : x);
      const again = quantizeShifted(rows, n, bits, 255, "x", { moments: lower, ranges: ranges! });
      assert.deepEqual(again, { ...weight, ranges });
    }
  });
}

Deno.test("columns that do not depend on one another become the nearest codes", () => {
  const [n, k] = [4, 70];
  const rows = Float32Array.from({ length: n * k }, signed);
  const all = new Uint8Array(n * 2);
  for (const size of [1, 0]) {
    const moments = new Float32Array(k * k);
    for (let i = 0; i < k; i++) moments[i * k + i] = size * (1 + i % 3);
    const nearest = quantizeShifted(rows, n, "w4a8g64", 255, "x");
    const { codes } = quantizeShifted(rows, n, "w4a8g64", 255, "x", { moments, ranges: all });
    assert.deepEqual(codes, nearest.codes);
  }
});

Deno.test("moments that float32 made indefinite are damped until they are not", () => {
  const k = 8;
  const moments = new Float32Array(k * k).fill(1);
  for (let i = 0; i < k; i++) moments[i * k + (i + k - 1) % k] = -3;
  const rows = Float32Array.from({ length: k }, signed);
  const grid = quantizeShifted(rows, 1, "w4a8", 255, "x");
  const codes = (moments: Float32Array): Uint8Array =>
    gptqCodes(rows, 1, { ...grid, zero: grid.zero! }, moments);
  assert.doesNotThrow(() => codes(moments));
  assert.ok(codes(moments).every((code) => code <= 15));
  for (const value of [NaN, Infinity]) {
    const odd = moments.slice();
    odd[k + 1] = value;
    assert.throws(() => codes(odd), /second moments are not finite/);
  }
});

Deno.test("the range with the least error, weighted by the inputs", () => {
  // One large weight that multiplies nothing, and many small ones.
  const k = 100;
  const rows = Float32Array.from({ length: k }, (_, c) => c === 0 ? 1 : 0.4 * random.unit());
  const moments = new Float32Array(k * k);
  for (let c = 0; c < k; c++) moments[c * k + c] = c === 0 ? 0 : 1;
  const [least] = chosenRanges(rows, 1, k, moments);
  assert.ok(RANGE_FACTORS[least] < 0.8);
  moments[0] = 1e4;
  assert.equal(RANGE_FACTORS[chosenRanges(rows, 1, k, moments)[0]], 1);
});
