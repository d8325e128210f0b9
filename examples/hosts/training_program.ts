/**
 * Writes the program with which hosts without JavaScript train a DS-CNN of 28×28 pictures in ten classes:
 *
 *     deno run -A training_program.ts training.fewbit
 *     deno run -A training_program.ts training.fewbit bf16
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
import type { TrainerSettings } from "../../src/train.ts";

/** Pictures of a step. */
const BATCH = 16;

/** How the network is kept, and in how much memory it is trained. */
type Precision = Pick<
  TrainerSettings,
  "dtype" | "master" | "memoryLimitBytes" | "releaseGradients"
>;

/** In 16 bits and nothing besides: updates are rounded at random, by the numbers that dropout has, too. */
export const BF16: Precision = { dtype: "bf16", master: "stochastic" };

/** The bytes of the program: entries `train_step` (`x`, `labels`: `loss`, `rate`) and `main` (`x`: `logits`). */
export async function trainingProgram(
  precision: Precision = {},
): Promise<Uint8Array<ArrayBuffer>> {
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
    ...precision,
  });
  return await encodeProgram(trainer.program);
}

if (import.meta.main) {
  const [path, dtype = "f32"] = Deno.args;
  if (path === undefined || path === "--help" || !["f32", "bf16"].includes(dtype)) {
    console.log("deno run -A training_program.ts OUTPUT [f32|bf16]");
    Deno.exit(path === undefined ? 2 : 0);
  }
  await Deno.writeFile(path, await trainingProgram(dtype === "bf16" ? BF16 : {}));
}
