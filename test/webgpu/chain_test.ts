/** Several tokens without a read-back between them: the ids are those that come one by one. */
import assert from "node:assert/strict";
import type { Inputs } from "../../src/engines/engine.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import type { ChainedRun } from "../../src/engines/webgpu/gpu_instance.ts";
import { loadWebGpu } from "../../src/engines/webgpu/load.ts";
import { FewbitError } from "../../src/errors.ts";
import { samplingRate } from "../../src/numeric/integer_tables.ts";
import { GPU_TEST } from "./gpu.ts";

const STORIES = await Deno.readFile(new URL("../../models/stories260k.fewbit", import.meta.url));
const SYMBOLS = { max_tokens: 8, max_rows: 1, sessions: 1, context: 32 };
const [PROMPT, TOKENS] = [[1, 403, 407, 261], 8];

/** Where tokens are read. */
function place(past: number, count: number): Inputs {
  return {
    offsets: Int32Array.of(0, count),
    slot: Int32Array.of(0),
    past: Int32Array.of(past),
    rows: Int32Array.of(count - 1),
  };
}

/** How the token of a draw is chosen. */
function draw(index: number, words: number): Inputs {
  return {
    "sample.rate": Int32Array.of(samplingRate(0.8)),
    "sample.top_k": Int32Array.of(0),
    "sample.top_p": Int32Array.of(60_000),
    "sample.min_p": Int32Array.of(0),
    "sample.random": Int32Array.of(7, 0, index, 0),
    "sample.mask": new Int32Array(words).fill(-1),
  };
}

Deno.test({
  name: "webgpu: eight tokens in a chain are those of wasm, one by one",
  ...GPU_TEST,
  fn: async () => {
    using wasm = await loadWasm(STORIES, { symbols: SYMBOLS });
    const logits = wasm.program.tensors.findIndex(({ name }) => name === "logits");
    const expected: number[] = [];
    let { shape: [, vocabulary], data } = (await wasm.run({
      ids: Int32Array.from(PROMPT),
      ...place(0, PROMPT.length),
    })).logits;
    assert.ok(logits >= 0);
    const words = Math.ceil(vocabulary / 32);
    for (let i = 0; i < TOKENS; i++) {
      const inputs = { "sample.logits": data as Int32Array, ...draw(i, words) };
      const outputs = await wasm.run(inputs, { entry: "sample" });
      const id = outputs["sample.id"].data[0] as number;
      expected.push(id);
      const ids = Int32Array.of(id);
      data = (await wasm.run({ ids, ...place(PROMPT.length + i, 1) })).logits.data;
    }

    using gpu = await loadWebGpu(STORIES, { symbols: SYMBOLS });
    const runs: ChainedRun[] = [
      { inputs: { ids: Int32Array.from(PROMPT), ...place(0, PROMPT.length) }, wanted: [] },
    ];
    for (let i = 0; i < TOKENS; i++) {
      runs.push({
        entry: "sample",
        inputs: draw(i, words),
        from: { "sample.logits": "logits" },
        sizes: { "sample.logits": vocabulary },
        wanted: ["sample.id"],
      });
      const inputs = place(PROMPT.length + i, 1);
      runs.push({ inputs, from: { ids: "sample.id" }, wanted: [] });
    }
    const outputs = await gpu.runChain(runs);
    assert.deepEqual(
      outputs.flatMap((each) => "sample.id" in each ? [each["sample.id"].data[0]] : []),
      expected,
    );
    // The caches are those of wasm, and what is not asked for does not come.
    assert.deepEqual(await gpu.saveState(), await wasm.saveState());
    assert.ok(outputs.every((each) => !("logits" in each)));
  },
});

Deno.test({
  name: "webgpu: a chain that does not fit changes nothing",
  ...GPU_TEST,
  fn: async () => {
    using gpu = await loadWebGpu(STORIES, { symbols: SYMBOLS });
    const saved = await gpu.saveState();
    const first = { inputs: { ids: Int32Array.from(PROMPT), ...place(0, PROMPT.length) } };
    const codeOf = (...runs: ChainedRun[]): Promise<string> =>
      gpu.runChain(runs).then(
        () => "ran",
        (error) => error instanceof FewbitError ? error.code : String(error),
      );
    const next = { inputs: place(4, 1) };
    assert.equal(await codeOf({ ...first, from: { ids: "sample.id" } }), "invalid_argument");
    assert.equal(await codeOf(first, { ...next, from: { ids: "nothing" } }), "not_found");
    assert.equal(await codeOf(first, { ...next, from: { ids: "logits" } }), "invalid_argument");
    assert.equal(await codeOf(first, next), "invalid_argument");
    const twice = { ...first, from: { ids: "logits" } };
    assert.equal(await codeOf(first, twice), "invalid_argument");
    assert.deepEqual(await gpu.saveState(), saved);
    assert.deepEqual(await gpu.runChain([]), []);
  },
});
