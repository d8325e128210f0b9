/** Every instruction that a GPU runs, on the adapter that this host has: the bytes of the reference. */
import assert from "node:assert/strict";
import { loadReference } from "../../src/engines/reference/mod.ts";
import { loadWebGpu } from "../../src/engines/webgpu/load.ts";
import { DISPATCHES } from "../../src/engines/webgpu/shaders/mod.ts";
import { CASES } from "../conformance/cases.ts";
import { compareResults } from "../conformance/_compare.ts";
import { prepare, runPrepared } from "../conformance/_program.ts";
import type { Prepared } from "../conformance/_program.ts";
import { Random } from "../conformance/_random.ts";
import { GPU_TEST } from "./gpu.ts";

const SEED = 20261129;
/** Of each instruction so many cases at most, spread over all of them. */
const MOST_CASES = Number(Deno.env.get("FEWBIT_GPU_CASES") ?? 24);

const WEBGPU = { name: "webgpu", load: loadReference };

async function runOnGpu({ file, inputs, symbols, results }: Prepared): Promise<Uint8Array[]> {
  using instance = await loadWebGpu(file);
  const outputs = await instance.run(inputs, { symbols });
  return await Promise.all(results.map(async ({ name }) => {
    const { data } = outputs[name] ?? await instance.read(name);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }));
}

for (const name of Object.keys(DISPATCHES)) {
  Deno.test({
    name: `webgpu: ${name} gives the bytes of the reference`,
    ...GPU_TEST,
    fn: async () => {
      const cases = [...CASES[name](new Random(SEED))];
      // Draws are cheap, and what is kept of ids is a matter of one more or less.
      const most = name === "sample_i32" ? cases.length : MOST_CASES;
      const step = Math.max(1, cases.length / most);
      for (let at = 0; at < cases.length; at += step) {
        const index = Math.floor(at);
        const prepared = await prepare(cases[index]);
        using reference = await loadReference(prepared.file);
        const expected = runPrepared(reference, prepared);
        const actual = await runOnGpu(prepared).catch((cause) => {
          throw new Error(`${name}, case ${index}, ${cases[index].name}: ${cause.message}`, {
            cause,
          });
        });
        compareResults(cases[index], prepared, expected, actual, WEBGPU, index);
      }
      assert.ok(cases.length > 0);
    },
  });
}
