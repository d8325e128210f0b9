/** The models that ship give the bits of WebAssembly on a GPU: logits, states, in one piece and watched. */
import assert from "node:assert/strict";
import type { Inputs, Instance } from "../../src/engines/engine.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { loadWebGpu } from "../../src/engines/webgpu/load.ts";
import { randomWord } from "../../src/numeric/random_word.ts";
import { FewbitError } from "../../src/errors.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { GPU_TEST } from "./gpu.ts";

const modelFile = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  Deno.readFile(new URL(`../../models/${name}.fewbit`, import.meta.url));

/** Pictures of a batch, all alike from run to run. */
function pictures(batch: number): Inputs {
  return { pixels: Uint8Array.from({ length: 784 * batch }, (_, i) => randomWord(7, 1, 0, i)) };
}

/** Tokens of two sessions, as many as are given and after so many others. */
function tokens(lengths: readonly number[], past: readonly number[]): Inputs {
  const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b));
  return {
    ids: Int32Array.from({ length: ends.at(-1)! }, (_, i) => (i * 37 + past[0]) % 1024),
    offsets: Int32Array.from([0, ...ends]),
    slot: Int32Array.of(2, 0),
    past: Int32Array.from(past),
    rows: Int32Array.from(ends, (end) => end - 1),
  };
}

const LANGUAGE = { max_tokens: 40, max_rows: 2, max_sequences: 2, sessions: 3 };

async function sameOutputs(gpu: Instance, wasm: Instance, inputs: Inputs): Promise<void> {
  assert.deepEqual(await gpu.run(inputs), await wasm.run(inputs));
}

Deno.test({
  name: "webgpu: the small ViT, batches of 1 and 3",
  ...GPU_TEST,
  fn: async () => {
    const file = await modelFile("vit-fashion-mnist");
    const symbols = { max_batch: 3 };
    const compiled: number[] = [];
    using gpu = await loadWebGpu(file, {
      symbols,
      onCompiled: (done, total) => compiled.push(done / total),
    });
    assert.equal(gpu.engine, "webgpu");
    assert.equal(compiled.at(-1), 1);
    using wasm = await loadWasm(file, { symbols });
    for (const batch of [1, 3]) await sameOutputs(gpu, wasm, pictures(batch));
    // Watched, it goes slice by slice.
    const done: number[] = [];
    const watched = await gpu.run(pictures(1), { onProgress: (now) => done.push(now) });
    assert.deepEqual(watched, await wasm.run(pictures(1)));
    assert.ok(done.length > 1);
  },
});

Deno.test({
  name: "webgpu: the language model, its sessions, and states that go back and forth",
  ...GPU_TEST,
  fn: async () => {
    const file = await modelFile("hgrn-shakespeare");
    using gpu = await loadWebGpu(file, { symbols: LANGUAGE });
    using wasm = await loadWasm(file, { symbols: LANGUAGE });
    await sameOutputs(gpu, wasm, tokens([25, 15], [0, 0]));
    await sameOutputs(gpu, wasm, tokens([1, 1], [25, 15]));
    const saved = await gpu.saveState();
    assert.deepEqual(saved, await wasm.saveState());
    assert.deepEqual(await gpu.saveState(2), await wasm.saveState(2));

    const snapshot = await gpu.snapshot(2);
    using fork = gpu.fork();
    await sameOutputs(gpu, wasm, tokens([1, 1], [26, 16]));
    assert.notDeepEqual(await gpu.saveState(), saved);
    assert.deepEqual(await fork.saveState(), saved);
    gpu.rollback(snapshot);
    assert.deepEqual(await gpu.saveState(2), await fork.saveState(2));
    assert.notDeepEqual(await gpu.saveState(0), await fork.saveState(0));

    gpu.restoreState(saved);
    assert.deepEqual(await gpu.saveState(), saved);
    gpu.restoreState(await wasm.saveState(0), 1);
    assert.deepEqual(await gpu.saveState(0), await fork.saveState(0));
    gpu.reset(0);
    wasm.reset(0);
    assert.deepEqual(await gpu.saveState(0), await wasm.saveState(0));
    assert.deepEqual(await gpu.saveState(2), await fork.saveState(2));
  },
});

Deno.test({
  name: "webgpu: runs take turns, aborts are heard, and what is refused changes nothing",
  ...GPU_TEST,
  fn: async () => {
    const file = await modelFile("vit-fashion-mnist");
    using gpu = await loadWebGpu(file);
    using wasm = await loadWasm(file);
    const expected = await wasm.run(pictures(1));
    const refuses = async (promise: Promise<unknown>, code: string): Promise<void> => {
      await assert.rejects(promise, (error) => error instanceof FewbitError && error.code === code);
    };
    await refuses(gpu.run({ pixels: new Uint8Array(783) }), "shape_mismatch");
    await refuses(gpu.run({ pixels: new Float32Array(784) }), "dtype_mismatch");
    await refuses(gpu.run({}), "invalid_argument");
    await refuses(gpu.peek(100000), "not_found");
    await refuses(gpu.read("nothing"), "not_found");
    const stop = new AbortController();
    const aborted = gpu.run(pictures(1), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    const after = gpu.run(pictures(1));
    await assert.rejects(aborted, /enough/);
    assert.deepEqual(await after, expected);
    const disposed = await loadWebGpu(file);
    disposed[Symbol.dispose]();
    disposed[Symbol.dispose]();
    await refuses(disposed.run(pictures(1)), "disposed");
  },
});

Deno.test({
  name: "webgpu: what a run has not written is zero",
  ...GPU_TEST,
  fn: async () => {
    const builder = new ProgramBuilder();
    const [one, four, eight, zero] = [1, 4, 8, 0].map((extent) => builder.expression(extent));
    const tensor = (name: string, region: "input" | "arena" | "output", extent: number): number =>
      builder.tensor({ name, region, dtype: "i32", layout: "rows", extents: [one, extent] });
    const view = (of: number, extent: number): number =>
      builder.view(of, [one, extent], extent, zero);
    const copy = (from: number, to: number, extent: number): void => {
      builder.instruction("copy", { x: view(from, extent), y: view(to, extent) }, {});
    };
    const x = tensor("x", "input", eight);
    const outputs = ["first", "second"].map((name) => tensor(name, "output", eight));
    // The second may lie where the first was.
    const between = ["a", "b"].map((name) => tensor(name, "arena", eight));
    copy(x, between[0], eight);
    copy(between[0], outputs[0], eight);
    copy(x, between[1], four);
    copy(between[1], outputs[1], eight);
    builder.entry("main");
    using gpu = await loadWebGpu(await encodeProgram(builder.finish()));
    const { second } = await gpu.run({ x: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    assert.deepEqual(second.data, Int32Array.of(1, 2, 3, 4, 0, 0, 0, 0));
  },
});

Deno.test({
  name: "webgpu: damaged files, and limits",
  ...GPU_TEST,
  fn: async () => {
    const file = await modelFile("vit-fashion-mnist");
    const codeOf = (source: Uint8Array<ArrayBuffer>, options = {}): Promise<string> =>
      loadWebGpu(source, options).then(() => "loaded", (error) => error.code ?? String(error));
    assert.equal(await codeOf(file.subarray(0, 1000)), "invalid_file");
    const damaged = file.slice();
    damaged[damaged.length - 5] ^= 1;
    assert.equal(await codeOf(damaged), "invalid_file");
    assert.equal(await codeOf(file, { memoryLimitBytes: 1000 }), "limit_exceeded");
  },
});

Deno.test({
  name: "webgpu: a device that is lost says so, and another one goes on from what was saved",
  ...GPU_TEST,
  fn: async () => {
    const file = await modelFile("hgrn-shakespeare");
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    using gpu = await loadWebGpu(file, { symbols: LANGUAGE, device });
    using wasm = await loadWasm(file, { symbols: LANGUAGE });
    await sameOutputs(gpu, wasm, tokens([2, 2], [0, 0]));
    const first = await gpu.saveState(0);
    const saved = await gpu.saveState(2);
    await gpu.run(tokens([1, 1], [2, 2]));
    const pending = gpu.run(tokens([1, 1], [3, 3]));
    device.destroy();
    await device.lost;
    const isLost = (error: unknown): boolean =>
      error instanceof FewbitError && error.code === "device_lost";
    await assert.rejects(pending, isLost);
    await assert.rejects(gpu.run(tokens([1, 1], [2, 2])), isLost);
    await assert.rejects(gpu.saveState(), isLost);
    assert.throws(() => gpu.reset(), isLost);
    // Sessions go on from what was saved of them last, the others from the beginning.
    await gpu.reload();
    wasm.reset();
    wasm.restoreState(first, 0);
    wasm.restoreState(saved, 2);
    assert.deepEqual(await gpu.saveState(), await wasm.saveState());
    await sameOutputs(gpu, wasm, tokens([1, 1], [2, 2]));
    gpu[Symbol.dispose]();
    await assert.rejects(
      gpu.reload(),
      (error) => error instanceof FewbitError && error.code === "disposed",
    );
  },
});
