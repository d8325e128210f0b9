/** The arithmetic that shaders stand on, on operands that are hard: ties, subnormals, borders, NaN, cancellation. */
import assert from "node:assert/strict";
import { randomWord } from "../../src/numeric/random_word.ts";
import { requantize } from "../../src/numeric/requantize.ts";
import { roundHalfEven } from "../../src/numeric/half_even.ts";
import { sigmoid, silu } from "../../src/engines/reference/float32.ts";
import { GPU_TEST } from "./gpu.ts";
import { runWords, WORDS } from "./_run_words.ts";

const COUNT = 1 << 15;
const CANONICAL_NAN = 0x7fc00000;
/** Bits of float32 at the borders. */
const BORDERS = [
  0,
  1,
  0x7fffff,
  0x800000,
  0x33800000,
  0x3effffff,
  0x3f000000,
  0x3f7fffff,
  0x3f800000,
  0x42fe0000,
  0x4b000000,
  0x4effffff,
  0x4f000000,
  0x7f7fffff,
  0x7f800000,
  0x7f800001,
  0x7fc00000,
];

/** Bits of floats: a third anything, a third small exponents' neighbours, a third borders; b is often near a. */
function floats(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(WORDS * COUNT);
  for (let i = 0; i < COUNT; i++) {
    const draw = (k: number): number => randomWord(5, 17, i, k);
    const one = (k: number): number => {
      const word = draw(k);
      const sign = word & 0x80000000;
      if (i % 3 === 0) return BORDERS[draw(k + 8) % BORDERS.length] | sign;
      if (i % 3 === 1) return (word & 0x807fffff) | (120 + draw(k + 8) % 16 << 23);
      return word;
    };
    words[WORDS * i] = one(0);
    words[WORDS * i + 1] = i % 4 === 0 ? (words[WORDS * i] ^ 0x80000000) + draw(9) % 3 : one(1);
  }
  return words;
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
const toFloat = (word: number): number => {
  bits[0] = word;
  return float[0];
};
const toBits = (value: number): number => {
  if (Number.isNaN(value)) return CANONICAL_NAN;
  float[0] = value;
  return bits[0];
};

const FLOAT_CASES: Readonly<Record<string, (a: number, b: number) => number>> = {
  "f_add(a, b)": (a, b) => toBits(a + b),
  "f_sub(a, b)": (a, b) => toBits(a - b),
  "f_mul(a, b)": (a, b) => toBits(a * b),
  "f_div(a, b)": (a, b) => toBits(a / b),
  "f_sqrt(a)": (a) => toBits(Math.sqrt(a)),
  "f_silu(a)": (a) => toBits(silu(a)),
  "f_sigmoid(a)": (a) => toBits(sigmoid(a)),
  "u32(f_to_i32_half_even(a))": (a) => {
    const rounded = roundHalfEven(a);
    return Number.isNaN(rounded) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, rounded)) >>> 0;
  },
};

for (const [expression, expected] of Object.entries(FLOAT_CASES)) {
  Deno.test({
    name: `webgpu: ${expression} is exact`,
    ...GPU_TEST,
    fn: async () => {
      const words = floats();
      const got = await runWords(expression, words);
      for (let i = 0; i < COUNT; i++) {
        const [a, b] = [words[WORDS * i], words[WORDS * i + 1]];
        const want = expected(toFloat(a), toFloat(b));
        assert.equal(got[i], want, `${expression}: ${a.toString(16)}, ${b.toString(16)}`);
      }
    },
  });
}

/** z, m and e of requantisations: all widths, borders, and exact ties. */
function products(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(WORDS * COUNT);
  for (let i = 0; i < COUNT; i++) {
    const draw = (k: number): number => randomWord(6, 18, i, k);
    const integer = (k: number): number => {
      const value = draw(k) >> (draw(k + 8) % 32);
      return i % 7 === 0 ? [0x7fffffff, -0x80000000, -1, 0, 1][draw(k) % 5] : value;
    };
    const e = draw(3) % 70 - 3;
    // An odd multiple of a half of 2^e.
    const isTie = i % 4 === 0 && e > 1 && e < 31;
    words[WORDS * i] = isTie ? ((draw(0) % 256) * 2 + 1) << (e - 1 >> 1) : integer(0);
    words[WORDS * i + 1] = isTie ? 1 << (e - 1 - (e - 1 >> 1)) : integer(1);
    words[WORDS * i + 2] = e;
  }
  return words;
}

for (const rounding of [0, 1, 2, 3]) {
  Deno.test({
    name: `webgpu: requantisations are exact, rounding ${rounding}`,
    ...GPU_TEST,
    fn: async () => {
      const words = products();
      for (const [half, shift] of [["x", 0n], ["y", 32n]] as const) {
        const expression = `rounded(i32(a), i32(b), i32(c), ${rounding}u).${half}`;
        const got = await runWords(expression, words);
        for (let i = 0; i < COUNT; i++) {
          const [z, m, e] = [0, 1, 2].map((k) => words[WORDS * i + k] | 0);
          const want = Number(BigInt.asUintN(32, requantize(z, m, e, rounding) >> shift));
          assert.equal(got[i], want, `${expression}: ${z}, ${m}, ${e}`);
        }
      }
    },
  });
}
