import assert from "node:assert/strict";
import { crossEntropy, FewbitError, Graph, NodeBuilder, Trainer } from "../../src/train.ts";
import { TrainedLayers, uniform } from "../../src/models/trained_layers.ts";
import { arrayData } from "../../src/training/training_data.ts";
import { tinyNetwork } from "../../src/training/tiny_network.ts";

const BATCH = 8;

/** Losses of some steps of a ResNet8, whose convolutions and products are all of them. */
async function losses(fast: boolean | WebAssembly.Module): Promise<number[]> {
  const graph = new Graph();
  const x = graph.input("x", "f32", [BATCH, 16, 16, 3]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: 4 });
  const logits = tinyNetwork(new TrainedLayers(graph, uniform(1)), "resnet8", x, 4);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  using trainer = await Trainer.load(graph, { loss, rate: 0.05, fast });
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

Deno.test("fast: with a module that is none of these it is refused", async () => {
  const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  await assert.rejects(losses(empty), { name: FewbitError.name, code: "unsupported" });
  const integers = new WebAssembly.Module(
    await Deno.readFile(new URL("../../wasm/fewbit.int.wasm", import.meta.url)),
  );
  await assert.rejects(losses(integers), { name: FewbitError.name, code: "unsupported" });
});
