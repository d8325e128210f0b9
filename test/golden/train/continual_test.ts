/** The bookkeeping of continual learning against the oracle: heads, places, batches, codes, limits. */
import assert from "node:assert/strict";
import { CwrHead } from "../../../src/training/continual/cwr_head.ts";
import { decodeLatents, encodeLatents } from "../../../src/training/continual/latent_codes.ts";
import { miniBatch } from "../../../src/training/continual/mini_batch.ts";
import { LAST_LIMITS, renormLimits } from "../../../src/training/continual/renorm_limits.ts";
import { randomSlots } from "../../../src/training/continual/replay_memory.ts";
import { absent, SHARED } from "../_shared.ts";
import { numbersOf, readOracle, within } from "./_oracle.ts";

// deno-lint-ignore no-explicit-any
type Case = any;

const ignore = absent(`${SHARED}/golden/train`);

/** The oracle, and those of its cases whose names begin so. */
function casesOf(name: string, count: number) {
  const oracle = readOracle("continual");
  const cases: Case[] = oracle.cases.filter((c) => c.name.startsWith(name));
  assert.equal(cases.length, count);
  return { oracle, cases };
}

Deno.test({
  name: "golden: continual: the head of five experiences",
  ignore,
  fn: () => {
    const { oracle, cases } = casesOf("cwr/", 5);
    const head = new CwrHead(10, 8);
    for (const c of cases) {
      const start = head.start(c.classes);
      within(start, numbersOf(oracle, c.start), () => c.bound.abs, `${c.name}: start`);
      const delta = numbersOf(oracle, c.delta);
      const counts = new Map<number, number>(
        c.classes.map((label: number, i: number) => [label, c.samples[i]]),
      );
      head.consolidate(start.map((w, i) => w + delta[i]), counts);
      within(head.head(), numbersOf(oracle, c.head), () => c.bound.abs, `${c.name}: head`);
      assert.deepEqual(head.past, c.past);
    }
  },
});

Deno.test({
  name: "golden: continual: places of the memory",
  ignore,
  fn: () => {
    for (const { RM: size, seed, experiences } of casesOf("replay_slots", 2).cases) {
      const memory: number[] = [];
      let numbered = 0;
      for (const [experience, want] of experiences.entries()) {
        const filled = memory.length;
        const placed = randomSlots({ size, filled, count: want.n, experience, seed });
        for (const { example, slot } of placed) memory[slot] = numbered + example;
        numbered += want.n;
        assert.equal(placed.length, want.h);
        assert.equal(memory.length - filled, want.filled);
        assert.deepEqual(placed.slice(want.filled).map(({ slot }) => slot), want.replaced_slots);
        assert.deepEqual(memory, want.memory);
      }
    }
  },
});

Deno.test({
  name: "golden: continual: what batches are made of",
  ignore,
  fn: () => {
    const [{ size, rows }] = casesOf("mini_batch", 1).cases;
    for (const { n, RM, cur, inject, iterations } of rows) {
      assert.deepEqual(miniBatch(n, RM, size), { current: cur, replayed: inject, iterations });
    }
  },
});

Deno.test({
  name: "golden: continual: latents of 8 bits",
  ignore,
  fn: () => {
    const { oracle, cases } = casesOf("latents/", 5);
    for (const c of cases) {
      const x = Float32Array.from(numbersOf(oracle, c.x));
      const encoded = encodeLatents(x, "u8");
      assert.ok(encoded.type === "u8");
      assert.deepEqual([...encoded.codes], numbersOf(oracle, `${c.name}/q`), c.name);
      const bits = new Uint32Array(Float32Array.of(encoded.scale).buffer)[0];
      assert.equal(bits.toString(16).padStart(8, "0"), c.scale_bits, c.name);
      assert.equal(encoded.zeroPoint, c.zero_point, c.name);
      const back = new Float32Array(x.length);
      decodeLatents(encoded, back);
      const want = numbersOf(oracle, c.back);
      within(back, want, (i) => c.bound.rel * Math.abs(want[i]), c.name);
    }
  },
});

Deno.test({
  name: "golden: continual: limits of Batch Renorm",
  ignore,
  fn: () => {
    const { oracle, cases: [c] } = casesOf("renorm_limits", 1);
    const want = numbersOf(oracle, c.tensor);
    const got = Array.from({ length: want.length / 2 }, (_, t) => renormLimits(t, c.batch))
      .flatMap(({ mostRatio, mostShift }) => [mostRatio, mostShift]);
    within(got, want, (i) => c.rel * want[i], "limits");
    assert.deepEqual(renormLimits(1e6, c.batch), LAST_LIMITS);
  },
});
