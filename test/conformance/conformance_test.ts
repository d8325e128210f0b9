/** Every instruction on every engine: the bytes of the reference, and of the oracle's vectors. */
import assert from "node:assert/strict";
import { INFERENCE_INSTRUCTIONS } from "../../src/instructions/mod.ts";
import type { Case } from "./_case.ts";
import { goldenCases } from "./_cases_golden.ts";
import { combinationOf, combinationsOf } from "./_combinations.ts";
import { CASES } from "./cases.ts";
import { compareResults } from "./_compare.ts";
import { DOT_ENGINES } from "./_dot_engines.ts";
import { ENGINES } from "./_engines.ts";
import type { EngineUnderTest } from "./_engines.ts";
import { elementsOf, prepare, runPrepared } from "./_program.ts";
import type { Prepared } from "./_program.ts";
import { Random } from "./_random.ts";

const SEED = 20261124;

async function resultsOf(
  c: Case,
  prepared: Prepared,
  engine: EngineUnderTest,
  parts = 0,
): Promise<Uint8Array[]> {
  try {
    using instance = await engine.load(prepared.file);
    return runPrepared(instance, prepared, parts);
  } catch (cause) {
    throw new Error(`${c.instruction}, ${c.name}, on ${engine.name}`, { cause });
  }
}

Deno.test("every instruction has cases", () => {
  assert.deepEqual(Object.keys(CASES), INFERENCE_INSTRUCTIONS.map(({ name }) => name));
});

Deno.test("every combination of types and absences that a description accepts is run", () => {
  let count = 0;
  for (const spec of INFERENCE_INSTRUCTIONS) {
    const run = new Set<string>();
    for (const c of CASES[spec.name](new Random(SEED))) run.add(combinationOf(spec, c));
    const accepted = combinationsOf(spec);
    assert.deepEqual(accepted.filter((one) => !run.has(one)), [], `${spec.name}: not run`);
    count += accepted.length;
  }
  assert.ok(count > 250, `${count} combinations`);
});

for (const [name, makeCases] of Object.entries(CASES)) {
  Deno.test(`${name} gives the same bytes on every engine`, async () => {
    const [reference, ...others] = [...ENGINES, ...DOT_ENGINES];
    let index = 0;
    for (const c of makeCases(new Random(SEED))) {
      const prepared = await prepare(c);
      const expected = await resultsOf(c, prepared, reference);
      for (const engine of others) {
        // Every other case is split as between threads.
        const parts = index % 2 === 0 ? 0 : 2 + index % 3;
        const actual = await resultsOf(c, prepared, engine, parts);
        compareResults(c, prepared, expected, actual, engine, index);
      }
      index++;
    }
    assert.ok(index > 0, "no cases");
  });
}

for (const engine of [...ENGINES, ...DOT_ENGINES]) {
  Deno.test(`${engine.name} gives the oracle's numbers`, async () => {
    for (const c of goldenCases()) {
      const prepared = await prepare(c);
      const actual = await resultsOf(c, prepared, engine);
      prepared.results.forEach(({ name, place, dtype }, i) => {
        assert.deepEqual(
          elementsOf(actual[i], place, dtype),
          Array.from(c.expected![name]),
          `${c.instruction}, ${c.name}`,
        );
      });
    }
  });
}
