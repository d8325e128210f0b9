import assert from "node:assert/strict";
import { crossEntropy, FewbitError, Graph, NodeBuilder, Trainer } from "../../src/train.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { tinyNetwork } from "../../src/training/tiny_network.ts";

const BATCH = 8;

/** A trainer of a ResNet8, whose convolutions and products are all of them. */
async function trainerOf(fast: boolean | WebAssembly.Module): Promise<Trainer> {
  const graph = new Graph();
  const x = graph.input("x", "f32", [BATCH, 16, 16, 3]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: 4 });
  const logits = tinyNetwork(new TrainedLayers(graph, uniform(1)), "resnet8", x, 4);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  return await Trainer.load(graph, { loss, rate: 0.05, fast });
}

/** Losses of some steps. */
async function losses(fast: boolean | WebAssembly.Module): Promise<number[]> {
  using trainer = await trainerOf(fast);
  const count = 4 * BATCH;
  const data = arrayData({
    x: Float32Array.from({ length: count * 768 }, (_, i) => Math.sin(i * 0.37)),
    labels: Int32Array.from({ length: count }, (_, i) => i % 4),
  }, count);
  const all = [];
  for await (const { loss } of trainer.fit(data)) all.push(loss);
  return all;
}

Deno.test("fast: a step rounds otherwise and is nearly the same", async () => {
  const plain = await losses(false), fast = await losses(true);
  const bytes = await Deno.readFile(
    new URL("../../wasm/fewbit.train-fast.wasm", import.meta.url),
  );
  assert.deepEqual(await losses(new WebAssembly.Module(bytes)), fast);
  // A host without one operation for both has the bits of two; V8 on x86 and ARM has it.
  assert.notDeepEqual(fast, plain);
  for (const [i, loss] of plain.entries()) {
    assert.ok(Math.abs(fast[i] - loss) < 1e-3 * loss, `step ${i}: ${fast[i]}, ${loss}`);
  }
});

Deno.test("fast: checkpoints go on as they began", async () => {
  using fast = await trainerOf(true);
  using plain = await trainerOf(false);
  const checkpoint = await fast.save();
  fast.restore(checkpoint);
  assert.throws(() => plain.restore(checkpoint), { code: "invalid_file" });
});

Deno.test("fast: with a module that is none of these it is refused", async () => {
  const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  await assert.rejects(losses(empty), { name: FewbitError.name, code: "unsupported" });
  const plain = new WebAssembly.Module(
    await Deno.readFile(new URL("../../wasm/fewbit.train.wasm", import.meta.url)),
  );
  await assert.rejects(losses(plain), {
    code: "unsupported",
    message: /is not fewbit\.train-fast/,
  });
  await assert.rejects(losses("yes" as unknown as boolean), { code: "invalid_argument" });
  const integers = new WebAssembly.Module(
    await Deno.readFile(new URL("../../wasm/fewbit.int.wasm", import.meta.url)),
  );
  await assert.rejects(losses(integers), { name: FewbitError.name, code: "unsupported" });
  const relaxed = new WebAssembly.Module(
    await Deno.readFile(new URL("../../wasm/fewbit.relaxed.wasm", import.meta.url)),
  );
  await assert.rejects(losses(relaxed), {
    code: "unsupported",
    message: /is not fewbit\.train-fast/,
  });
});
