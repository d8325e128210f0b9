/** Philox against the known answers of Random123 (its file `kat_vectors`), and the stream it gives. */
import assert from "node:assert/strict";
import { philox4x32 } from "../../src/numeric/philox.ts";
import { RandomStream } from "../../src/text/random.ts";
import type { Words } from "../../src/numeric/philox.ts";
import { fails } from "./_fails.ts";

const KNOWN: readonly (readonly [counter: Words, key: readonly [number, number], block: Words])[] =
  [
    [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];

Deno.test("philox4x32() gives the published blocks", () => {
  for (const [counter, key, block] of KNOWN) assert.deepEqual(philox4x32(counter, key), block);
});

Deno.test("the first number comes from the upper 53 bits of the first two words", () => {
  const bits = (0x6627e8d5n >> 5n << 26n) | (0xe169c58dn >> 6n);
  assert.equal(new RandomStream(0).next(), Number(bits) / 2 ** 53);
});

Deno.test("a seed and a position above 2^32 use both words", () => {
  const seed = 2 ** 32 + 5;
  const at = 3 * 2 ** 32 + 7;
  const [a, b] = philox4x32([7, 3, 0, 0], [5, 1]);
  assert.equal(new RandomStream(seed, at).next(), ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53);
});

Deno.test("a saved stream goes on where it was", () => {
  const whole = new RandomStream(42);
  const expected = Array.from({ length: 20 }, () => whole.next());
  const first = new RandomStream(42);
  const numbers = expected.slice(0, 9).map(() => first.next());
  const second = new RandomStream(first.seed, first.draws);
  assert.deepEqual([...numbers, ...expected.slice(9).map(() => second.next())], expected);
  assert.equal(second.draws, 20);
});

Deno.test("numbers are uniform in [0, 1)", () => {
  const stream = new RandomStream(20261124);
  const counts = new Array(20).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const x = stream.next();
    assert.ok(x >= 0 && x < 1);
    counts[Math.floor(x * 20)]++;
  }
  // χ² with 19 degrees of freedom is below 43.8 with probability 0.999.
  const chi2 = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(chi2 < 43.8, `${chi2}`);
});

Deno.test("seeds are integers from 0 to 2^53 - 1", () => {
  for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    fails(() => new RandomStream(seed), "invalid_argument", `seed is ${seed}`);
    fails(() => new RandomStream(0, seed), "invalid_argument", `draws is ${seed}`);
  }
});
