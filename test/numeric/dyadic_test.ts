import assert from "node:assert/strict";
import { dyadic } from "../../src/numeric/dyadic.ts";
import { requantize } from "../../src/numeric/requantize.ts";
import { clampCode, quantizeValue, scaleOf } from "../../src/numeric/grid.ts";
import { roundHalfEven } from "../../src/numeric/half_even.ts";
import operatorVectors from "../vectors/op_vectors.json" with { type: "json" };
import { float32 } from "../conformance/_scales.ts";
import { Random } from "../conformance/_random.ts";

/** A float64 as an integer times a power of two, exactly. */
function exact(x: number): { mantissa: bigint; exponent: number } {
  let exponent = 0;
  while (!Number.isInteger(x)) {
    x *= 2;
    exponent--;
  }
  return { mantissa: BigInt(x), exponent };
}

Deno.test("dyadic() rounds the ratio's mantissa to 31 bits, half away from zero (20,000 ratios)", () => {
  const random = new Random(8);
  for (let i = 0; i < 20_000; i++) {
    const a = Math.fround((random.unit() - 0.5) * 2 ** random.integer(-20, 20));
    const b = Math.fround((random.unit() + 0.001) * 2 ** random.integer(-20, 20));
    const { multiplier, shift } = dyadic(a, b);
    if (a === 0) continue;
    assert.ok(Math.abs(multiplier) >= 2 ** 30 && Math.abs(multiplier) < 2 ** 31, `${a} / ${b}`);
    // |m − ratio·2^shift| ≤ ½, in integers.
    const { mantissa, exponent } = exact(a / b);
    const scale = shift + exponent;
    const [left, right] = scale >= 0
      ? [2n * BigInt(multiplier), 2n * (mantissa << BigInt(scale))]
      : [2n * (BigInt(multiplier) << BigInt(-scale)), 2n * mantissa];
    const half = scale >= 0 ? 1n : 1n << BigInt(-scale);
    const difference = left > right ? left - right : right - left;
    assert.ok(difference <= half, `${a} / ${b} = ${multiplier}·2^-${shift}`);
    // A mantissa that rounds up to 2^31 is halved; else a tie goes away from zero.
    if (difference === half) assert.ok((left > right) === a > 0);
  }
});

Deno.test("dyadic() gives the oracle's numbers, zero and the ends of the range", () => {
  for (const { A, B, m, e } of operatorVectors.requant) {
    const { multiplier, shift } = dyadic(float32(A), float32(B));
    assert.equal(multiplier / 2 ** shift, m / 2 ** e);
  }
  assert.ok(operatorVectors.requant.length > 20);
  assert.deepEqual(dyadic(1, 1), { multiplier: 2 ** 30, shift: 30 });
  assert.deepEqual(dyadic(0.5, 0.25), { multiplier: 2 ** 30, shift: 29 });
  assert.deepEqual(dyadic(-3, 4), { multiplier: -3 * 2 ** 29, shift: 31 });
  assert.deepEqual(dyadic(0, 4), { multiplier: 0, shift: 31 });
  assert.deepEqual(dyadic(2 ** 32 - 1, 2 ** 32), { multiplier: 2 ** 30, shift: 30 });
  for (const [a, b] of [[1, 0], [NaN, 1], [Infinity, 1], [0, 0]]) {
    assert.throws(() => dyadic(a, b), { code: "invalid_file" });
  }
});

Deno.test("requantize() rounds half to even (20,000 products, all ties of small ones)", () => {
  const nearest = (p: bigint, shift: number): bigint => {
    const unit = 1n << BigInt(shift);
    const floor = p >= 0n ? p / unit : -((-p + unit - 1n) / unit);
    const rest = p - floor * unit;
    if (2n * rest !== unit) return 2n * rest > unit ? floor + 1n : floor;
    return floor % 2n === 0n ? floor : floor + 1n;
  };
  const random = new Random(4);
  for (let i = 0; i < 20_000; i++) {
    const z = random.integer(-(2 ** 31), 2 ** 31 - 1) >> random.integer(0, 30);
    const m = random.integer(-(2 ** 31), 2 ** 31 - 1);
    const shift = random.integer(1, 62);
    const expected = nearest(BigInt(z) * BigInt(m), shift);
    assert.equal(requantize(z, m, shift), expected);
  }
  for (let z = -40; z <= 40; z++) {
    for (const shift of [1, 2, 3]) {
      assert.equal(Number(requantize(z, 1, shift)), roundHalfEven(z / 2 ** shift) + 0);
    }
  }
  assert.equal(requantize(2 ** 31 - 1, 2 ** 31 - 1, 63), 0n);
});

Deno.test("rounding and scales are those of the definition", () => {
  const halves: [number, number][] = [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, 0], [-1.5, -2], [
    -2.5,
    -2,
  ]];
  for (
    const [x, y] of [...halves, [2.4, 2], [2.6, 3], [-2.6, -3], [7, 7], [0.49999997, 0], [
      Infinity,
      Infinity,
    ], [NaN, NaN]]
  ) {
    assert.equal(roundHalfEven(x) + 0, y, `${x}`);
  }
  assert.deepEqual([-129, -128, 127, 128].map((code) => clampCode(code, 8)), [
    -128,
    -128,
    127,
    127,
  ]);
  assert.equal(scaleOf(127, 8), 1);
  assert.equal(scaleOf(1, 16), Math.fround(1 / 32767));
  assert.equal(scaleOf(0, 8), 2 ** -23);
  // Products with the float32 reciprocal, not quotients: 0.5 / 0.2 is 2.5, its float32 product is not.
  assert.equal(
    quantizeValue(0.5, Math.fround(0.2), 8),
    Math.fround(Math.fround(1 / Math.fround(0.2)) * 0.5) > 2.5 ? 3 : 2,
  );
  assert.equal(quantizeValue(1e9, 0.1, 8), 127);
  assert.equal(quantizeValue(-1e9, 0.1, 8), -128);
});
