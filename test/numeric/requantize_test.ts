/** The definition of requantisation against formulas that are written another way. */
import assert from "node:assert/strict";
import { requantize } from "../../src/numeric/requantize.ts";
import { shiftExp } from "../../src/engines/reference/_shift_exp.ts";
import { shiftExponent } from "../../src/quantize/integer_constants.ts";
import operatorVectors from "../vectors/op_vectors.json" with { type: "json" };
import { float32 } from "../conformance/_scales.ts";
import { Random } from "../conformance/_random.ts";

const [HALF_EVEN, HALF_UP, HALF_AWAY, DOUBLE] = [0, 1, 2, 3];

/** Integer forms with an arithmetic shift (../spec/ivit.md §1.4). */
function shifted(z: number, m: number, e: number, rounding: number): bigint {
  const p = BigInt(z) * BigInt(m);
  const bits = BigInt(e);
  const half = 1n << bits - 1n;
  if (rounding === HALF_EVEN) return p + half - 1n + (p >> bits & 1n) >> bits;
  if (rounding === HALF_UP) return p + half >> bits;
  return p < 0n ? -(half - p >> bits) : p + half >> bits;
}

/** CMSIS-NN's C code, `arm_nn_requantize` with its two functions. */
function cmsis(value: number, multiplier: number, shift: number): number {
  const left = Math.max(shift, 0);
  const right = Math.max(-shift, 0);
  const product = BigInt(Math.imul(value, 1 << left)) * BigInt(multiplier) + (1n << 30n);
  const dividend = Number(BigInt.asIntN(32, product >> 31n));
  const mask = right === 31 ? 0x7FFFFFFF : (1 << right) - 1;
  const remainder = mask & dividend;
  let result = dividend >> right;
  let threshold = mask >> 1;
  if (result < 0) threshold++;
  if (remainder > threshold) result++;
  return result;
}

function integer(random: Random): number {
  switch (random.integer(0, 3)) {
    case 0:
      return random.pick([-(2 ** 31), 2 ** 31 - 1, 0, 1, -1, 2 ** 30, -(2 ** 30)]);
    case 1:
      return random.integer(-1000, 1000);
    case 2:
      return random.pick([-1, 1]) * 2 ** random.integer(0, 30) * random.pick([1, 3, 5]) | 0;
    default:
      return random.bits() | 0;
  }
}

Deno.test("requantize() equals the shifting forms and CMSIS-NN", () => {
  const random = new Random(1);
  for (let i = 0; i < 200_000; i++) {
    const [z, m, e] = [integer(random), integer(random), random.integer(1, 62)];
    const where = `${z}·${m}·2^-${e}`;
    for (const rounding of [HALF_EVEN, HALF_UP, HALF_AWAY]) {
      assert.equal(requantize(z, m, e, rounding), shifted(z, m, e, rounding), where);
    }
    assert.equal(requantize(z, m, e, DOUBLE), BigInt(cmsis(z, m, 31 - e)), where);
  }
});

Deno.test("requantize() limits its shift", () => {
  for (const rounding of [HALF_EVEN, HALF_UP, HALF_AWAY, DOUBLE]) {
    assert.equal(requantize(-(2 ** 31), -(2 ** 31), 63, rounding), 0n);
    assert.equal(requantize(3, 5, 2 ** 31 - 1, rounding), 0n);
    for (const e of [0, -1, -(2 ** 31)]) {
      assert.equal(requantize(7, 9, e, rounding), requantize(7, 9, 1, rounding));
    }
  }
});

Deno.test("shiftExp() gives the oracle's tables", () => {
  for (const { x0, n, d, e } of operatorVectors.shift_exp) {
    assert.deepEqual(d.map((value) => shiftExp(value, x0, n)), e);
  }
});

Deno.test("shiftExponent() gives the oracle's x0", () => {
  for (const { s, x0 } of operatorVectors.x0) assert.equal(shiftExponent(float32(s)), x0);
  assert.deepEqual([0.08, 0.05, 0.01].map((s) => shiftExponent(Math.fround(s))), [-13, -20, -100]);
});

Deno.test("shiftExp() gives the worked numbers", () => {
  const d = [0, -1, -2, -5, -16, -17, -40, -100, -135, -136, -255];
  assert.deepEqual(
    d.map((value) => shiftExp(value, -13, 15)),
    [425984, 409600, 393216, 311296, 131072, 122880, 21504, 208, 14, 13, 13],
  );
});
