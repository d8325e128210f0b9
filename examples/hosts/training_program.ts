/**
 * Writes the program with which hosts without JavaScript train a DS-CNN of 28×28 pictures in ten classes:
 *
 *     deno run -A training_program.ts training.fewbit
 *
 * @module
 */
import {
  crossEntropy,
  dsCnn,
  encodeProgram,
  Graph,
  NodeBuilder,
  TrainedLayers,
  Trainer,
  uniform,
} from "../../src/train.ts";

/** Pictures of a step. */
const BATCH = 16;

/** The bytes of the program: entries `train_step` (`x`, `labels`: `loss`, `rate`) and `main` (`x`: `logits`). */
export async function trainingProgram(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = new Graph();
  const x = graph.input("x", "f32", [BATCH, 28, 28, 1]);
  const labels = graph.input("labels", "i32", [BATCH], { check: "below", limit: 10 });
  const layers = new TrainedLayers(graph, uniform(1));
  const logits = dsCnn(layers, x, { classes: 10, dropout: true });
  graph.output("logits", logits);
  using trainer = await Trainer.load(graph, {
    loss: crossEntropy(new NodeBuilder(graph), logits, labels),
    rate: 0.05,
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
    seed: 1,
  });
  return await encodeProgram(trainer.program);
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined || path === "--help") {
    console.log("deno run -A training_program.ts OUTPUT");
    Deno.exit(path === undefined ? 2 : 0);
  }
  await Deno.writeFile(path, await trainingProgram());
}
