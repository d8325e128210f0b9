import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { FewbitError } from "../../src/errors.ts";
import { benchmark, symbolsForBatch } from "../../src/inspect/bench.ts";
import { openProgram } from "../../src/inspect/open.ts";
import { randomInputs } from "../../src/inspect/random_inputs.ts";
import { median, timeByOpcode, timeEntry } from "../../src/inspect/timing.ts";
import { evaluateExpressions } from "../../src/program/expression.ts";
import { cacheFile, inspected, layersFile } from "./_program.ts";

Deno.test("random inputs: pass the checks for every seed and size", async () => {
  const file = await cacheFile();
  const { program } = openProgram(file).verified;
  using instance = await loadReference(file);
  for (let seed = 0; seed < 50; seed++) {
    const tokens = 1 + seed % 8;
    const inputs = randomInputs(
      program,
      program.entries[0],
      evaluateExpressions(program, [tokens]),
      seed,
    );
    instance.runSync(inputs, { symbols: { tokens } });
  }
});

Deno.test("random inputs: the same for the same seed, others for another", async () => {
  const { program, symbols } = openProgram(await layersFile()).verified;
  const make = (seed: number) =>
    randomInputs(program, program.entries[0], evaluateExpressions(program, symbols), seed);
  assert.deepEqual(make(1), make(1));
  assert.notDeepEqual(make(1), make(2));
  assert.deepEqual(Object.keys(make(1)), ["image"], "only what the entry reads");
  assert.equal(make(1).image.length, 32);
});

Deno.test("timing: one time for each instruction; totals by opcode add up", async () => {
  const file = await layersFile();
  const { opened, summary } = inspected(file);
  using instance = await loadReference(file);
  const timing = await timeEntry(instance, opened.verified, "main", { runs: 3, warmUp: 1 });
  assert.equal(timing.instructionMs.length, 7);
  assert.ok(timing.instructionMs.every((ms) => ms >= 0) && timing.runMs > 0);
  assert.deepEqual(timing.symbols, { max_batch: 2, batch: 1 });
  assert.equal(timing.work[2], 4 * 8 * 8, "work of the batch that ran, not of the largest");
  const totals = timeByOpcode(summary, summary.entries[0], timing);
  assert.equal(totals.reduce((sum, { count }) => sum + count, 0), 7);
  assert.equal(totals.find(({ name }) => name === "linear_i8")?.work, 4 * 256);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

Deno.test("bench: engines take turns and agree; one that is not there is reported", async () => {
  const file = await layersFile();
  const symbols = symbolsForBatch(openProgram(file).head.program, 3);
  assert.deepEqual(symbols, { max_batch: 3 });
  const { verified } = openProgram(file, { symbols });
  const load = (engine: string) =>
    engine === "none"
      ? Promise.reject(new FewbitError("unsupported", "not here"))
      : loadReference(file, { symbols });
  const results = await benchmark(verified, ["a", "none", "b"], load, { batch: 3, seconds: 0.02 });
  assert.deepEqual(results[1], { engine: "none", error: "not here" });
  const [a, , b] = results;
  assert.ok("runs" in a && "runs" in b && a.runs > 0 && b.runs > 0);
  assert.equal(a.outputSha256, b.outputSha256);
  assert.equal(a.output, "y");
  assert.ok(a.minMs <= a.medianMs);
});

Deno.test("bench: a batch needs its symbol", async () => {
  const { program } = openProgram(await cacheFile()).verified;
  assert.deepEqual(symbolsForBatch(program, 1), {});
  assert.throws(() => symbolsForBatch(program, 2), /no symbol batch/);
});
