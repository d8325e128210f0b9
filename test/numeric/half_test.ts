/** 16-bit floats next to float32 numbers: the host's own float16, and the definition of bfloat16 by its neighbours. */
import assert from "node:assert/strict";
import { accumulate16, addOnce, dot16 } from "../../src/numeric/accumulate16.ts";
import { fromHalf, narrowed, toHalf, widened } from "../../src/numeric/half.ts";
import { highHalf, lowHalf, mergedBits } from "../../src/numeric/split_master.ts";
import { Random } from "../conformance/_random.ts";

const random = new Random(77);
const PATTERNS = Uint32Array.from({ length: 60_000 }, () => random.integer(0, 2 ** 32 - 1));
/** Ties of both types, and what is one bit off. */
const TIES = Uint32Array.from({ length: 3000 }, (_, i) => {
  const tie = i % 2 === 0 ? 0x8000 : 0x1000;
  return ((random.integer(0, 2 ** 16 - 1) * 0x10000) | tie) + i % 3 - 1;
});

function floats(bits: Uint32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  return new Float32Array(bits.slice().buffer);
}

Deno.test("half: float16 is what the host rounds to", () => {
  for (const bits of [PATTERNS, TIES]) {
    const values = floats(bits);
    // The least and the greatest numbers of float16, too.
    const all = [
      ...values,
      ...values.map((x) => x % 65536),
      ...values.map((x) => x % 1 * 2 ** -14),
    ];
    const host = new Uint16Array(new Float16Array(all).buffer);
    narrowed("f16", Float32Array.from(all)).forEach((half, i) => {
      assert.equal(half, Number.isNaN(all[i]) ? 0x7e00 : host[i], `${all[i]}`);
    });
  }
  assert.equal(toHalf("f16", 65519.99), 0x7bff);
  assert.equal(toHalf("f16", 65520), 0x7c00);
  assert.equal(toHalf("f16", -65520), 0xfc00);
});

Deno.test("half: bfloat16 is the nearer neighbour, of two the even one", () => {
  for (const value of [...floats(PATTERNS), ...floats(TIES)]) {
    if (!Number.isFinite(value)) continue;
    const half = toHalf("bf16", value);
    const around = [half - 1, half, half + 1].filter((b) => b >= 0 && (b & 0x7fff) < 0x7f80);
    const distances = around.map((b) => Math.abs(fromHalf("bf16", b) - value));
    if ((half & 0x7fff) === 0x7f80) continue;
    const own = Math.abs(fromHalf("bf16", half) - value);
    distances.forEach((distance, i) => {
      assert.ok(own <= distance, `${value}`);
      if (own === distance && around[i] !== half) assert.equal(half & 1, 0, `${value}`);
    });
  }
  assert.equal(toHalf("bf16", NaN), 0x7fc0);
  assert.equal(toHalf("bf16", -Infinity), 0xff80);
  assert.equal(toHalf("bf16", 3.4e38), 0x7f80);
});

Deno.test("half: narrowing gives back what was widened", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  for (const type of ["f16", "bf16"] as const) {
    narrowed(type, widened(type, all)).forEach((half, i) => {
      const isNaN = Number.isNaN(fromHalf(type, i));
      assert.equal(half, isNaN ? toHalf(type, NaN) : i);
    });
  }
});

Deno.test("half: a float32 is the sum of its halves", () => {
  for (const bits of [...PATTERNS, ...TIES, 0x7f7fffff, 0xffffffff]) {
    const [high, low] = [highHalf(bits), lowHalf(bits)];
    assert.ok(low >= -32768 && low <= 32767);
    assert.equal(mergedBits(high, low), bits);
    // The upper one is the nearest bfloat16, of two the one away from 0.
    assert.equal(high, Math.floor(bits / 0x10000 + 0.5) % 0x10000);
  }
});

Deno.test("half: a sum that float64 cannot hold is rounded once", () => {
  const tie = 1 + 2 ** -8;
  assert.equal(addOnce("bf16", 2 ** -70, tie), 1 + 2 ** -7);
  assert.equal(addOnce("bf16", -(2 ** -70), tie), 1);
  assert.equal(addOnce("bf16", 2 ** -70, -tie), -1);
  assert.equal(addOnce("bf16", -(2 ** -70), -tie), -1 - 2 ** -7);
  assert.equal(addOnce("bf16", 0, tie), 1);
  // Less than a tie by less than a unit of float64: the number next to what is lost is the tie, which rounds up.
  assert.equal(addOnce("bf16", -1.3984375 * 2 ** -53, 1 + 2 ** -7 + 2 ** -8), 1 + 2 ** -7);
  // Ones stagnate where their sum has no more bits.
  const ones = Array.from({ length: 4096 }, () => 1);
  assert.equal(dot16("bf16", ones, ones, 0, true), 256);
  assert.equal(dot16("f16", ones, ones, 0, true), 2048);
});

Deno.test("half: sums that are kept in 16 bits round once, and have infinities and NaNs", () => {
  // By way of float32, which does not hold the sum, it would be the even 1.
  assert.equal(accumulate16("f16", 2 ** -24, 1 + 2 ** -11), 1 + 2 ** -10);
  assert.equal(accumulate16("bf16", 2 ** -30, 1 + 2 ** -8), 1 + 2 ** -7);
  assert.equal(accumulate16("f16", 65504, 15), 65504);
  assert.equal(accumulate16("f16", 65504, 16), Infinity);
  assert.equal(accumulate16("f16", 1, -Infinity), -Infinity);
  assert.ok(Number.isNaN(accumulate16("bf16", Infinity, -Infinity)));
  assert.ok(Object.is(accumulate16("f16", -0, -(2 ** -30)), -0));
});
