/** Requantisation in the kernels at the edges of its definition: extremes, ties, shifts that are too large. */
import assert from "node:assert/strict";
import { requantize } from "../../src/numeric/requantize.ts";
import { Random } from "./_random.ts";
import type { Case } from "./_case.ts";
import { ENGINES } from "./_engines.ts";
import { prepare, runPrepared } from "./_program.ts";
import { given } from "./_values.ts";

const COUNT = 10_000;
const EDGES = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, -(2 ** 30), 33_596_946, 1_491_282_745];
const SHIFTS = [1, 2, 30, 31, 32, 33, 36, 40, 50, 61, 62, 63, 100, 0, -5, -(2 ** 31)];

function number(random: Random): number {
  return random.pick([
    random.pick(EDGES),
    random.integer(-100, 100),
    random.bits() | 0,
    random.pick([-1, 1]) * 2 ** random.integer(0, 30) | 0,
  ]);
}

const clamped = (value: bigint): number =>
  Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Number(value)));

["half_even", "half_up", "half_away", "double"].forEach((name, rounding) => {
  Deno.test(`requantize gives what the definition says, rounding ${name}`, async () => {
    const random = new Random(17 + rounding);
    const draw = (make: () => number): number[] => Array.from({ length: COUNT }, make);
    const x = draw(() => number(random));
    const multiplier = draw(() => number(random));
    const shift = draw(() => random.chance(0.5) ? random.integer(1, 62) : random.pick(SHIFTS));
    const c: Case = {
      name,
      instruction: "requantize",
      attributes: { rounding },
      operands: {
        x: given("i32", [1, COUNT], x),
        multiplier: given("i32", [COUNT], multiplier),
        shift: given("i32", [COUNT], shift),
      },
      results: { y: { dtype: "i32", extents: [1, COUNT] } },
    };
    const prepared = await prepare(c);
    for (const engine of ENGINES) {
      using instance = await engine.load(prepared.file);
      const [bytes] = runPrepared(instance, prepared);
      const actual = new Int32Array(bytes.slice().buffer);
      for (let i = 0; i < COUNT; i++) {
        const where = `${engine.name}: ${x[i]}·${multiplier[i]}·2^-${shift[i]}`;
        assert.equal(
          actual[i],
          clamped(requantize(x[i], multiplier[i], shift[i], rounding)),
          where,
        );
      }
    }
  });
});
