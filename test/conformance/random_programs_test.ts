import assert from "node:assert/strict";
import { INFERENCE_INSTRUCTIONS } from "../../src/instructions/mod.ts";
import { PLANTED } from "./_planted.ts";
import { runProgram } from "./random_programs.ts";
import type { Tally } from "./_run_random.ts";
import { waysOf } from "./_way.ts";

const SEED = 20261128;
const PROGRAMS = 2000;

Deno.test(`${PROGRAMS} random programs give the same bytes on every engine, whole and in parts`, async () => {
  const tally: Tally = new Map();
  for (let i = 0; i < PROGRAMS; i++) await runProgram(SEED, i, tally);
  for (const spec of INFERENCE_INSTRUCTIONS) {
    for (const way of ["whole", ...waysOf(spec).map((axes) => `parts along ${axes}`)]) {
      const runs = tally.get(`${spec.name} ${way}`) ?? 0;
      assert.ok(runs >= 60, `${spec.name} ${way}: only ${runs} runs`);
    }
  }
  const all = [...tally.values()].reduce((a, b) => a + b, 0);
  console.log(`${PROGRAMS} programs, ${all} instructions run, ${tally.size} ways`);
});

for (const [name, fault] of Object.entries(PLANTED)) {
  Deno.test(`random programs find ${name}`, async () => {
    for (let i = 0; i < PROGRAMS; i++) {
      try {
        await runProgram(SEED, i, new Map(), fault());
      } catch (error) {
        assert.ok(error instanceof assert.AssertionError, `${error}`);
        console.log(`found by program ${i}: ${error.message}`);
        return;
      }
    }
    assert.fail(`${name} was not found`);
  });
}
