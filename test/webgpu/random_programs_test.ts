/** Random programs on a GPU: several runs each, outputs and states those of the reference. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWebGpu } from "../../src/engines/webgpu/load.ts";
import { Random } from "../conformance/_random.ts";
import { randomProgram } from "../conformance/_random_program.ts";
import { drawRuns } from "../conformance/_random_runs.ts";
import { GPU_TEST } from "./gpu.ts";

const COUNT = Number(Deno.env.get("FEWBIT_GPU_PROGRAMS") ?? 200);
const RUNS = 3;

/** `FEWBIT_GPU_PROGRAMS=1` with this seed tries one again. */
async function compareRuns(seed: number): Promise<number> {
  const random = new Random(seed);
  for (let i = 0; i < 4; i++) random.bits();
  const made = await randomProgram(random);
  using reference = await loadReference(made.file);
  using gpu = await loadWebGpu(made.file);
  const kept = reference.program.tensors.flatMap(({ region, name }) =>
    region === "state" || region === "parameter" ? [name] : []
  );
  for (const { entry, symbols: [rows, turn], given } of drawRuns(random, made, RUNS)) {
    const options = { entry: made.entries[entry], symbols: { rows, turn } };
    assert.deepEqual(await gpu.run(given, options), reference.runSync(given, options), `${seed}`);
    for (const name of kept) {
      assert.deepEqual(await gpu.read(name), reference.readSync(name), `${seed}: ${name}`);
    }
  }
  return reference.program.instructions.length;
}

Deno.test({
  name: `webgpu: ${COUNT} random programs, ${RUNS} runs each, are those of the reference`,
  ...GPU_TEST,
  fn: async () => {
    let instructions = 0;
    for (let i = 0; i < COUNT; i++) instructions += await compareRuns(20261129 + i);
    assert.ok(instructions > COUNT);
    console.log(`${COUNT} programs, ${instructions} instructions`);
  },
});
