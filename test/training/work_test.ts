/** Multiply-accumulates of the networks that train, against the tables of MLPerf Tiny and of PULP-TrainLib's authors. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { NodeBuilder } from "../../src/graph/node_builder.ts";
import { workOf } from "../../src/inspect/work.ts";
import { instructionOf } from "../../src/instructions/mod.ts";
import { compile } from "../../src/lower/compile.ts";
import { dsCnn } from "../../src/models/ds_cnn.ts";
import { miniResNet } from "../../src/training/networks/mini_resnet.ts";
import { mobileNetV1 } from "../../src/training/networks/mobilenet_v1.ts";
import { resNet8 } from "../../src/models/resnet8.ts";
import { TrainedLayers } from "../../src/models/trained_layers.ts";
import { crossEntropy } from "../../src/training/losses/cross_entropy.ts";
import { TRAIN_STEP, trainingGraph } from "../../src/training/training_graph.ts";

/** Work of each layer and of a whole step, one picture. */
interface Work {
  /** Of the forward pass. */
  readonly forward: readonly number[];
  readonly step: number;
}

function workOfNetwork(
  shape: readonly number[],
  network: (layers: TrainedLayers, x: Value) => Value,
): Work {
  const graph = new Graph();
  const x = graph.input("x", "f32", [1, ...shape]);
  const labels = graph.input("labels", "i32", [1]);
  // What the weights are does not matter.
  const layers = new TrainedLayers(
    graph,
    ({ shape }) => new Float32Array(shape.reduce((a, b) => a * b)),
  );
  const logits = network(layers, x);
  graph.output("logits", logits);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  const program = compile(trainingGraph(graph, { loss, rate: 0 }), { training: true });
  const workIn = (name: string): number[] => {
    const { first, count } = program.entries.find((entry) => entry.name === name)!;
    return program.instructions.slice(first, first + count)
      .filter(({ opcode }) => /^(conv|linear|matmul)/.test(instructionOf(opcode)!.name))
      .map((one) => workOf(program, one, (extent) => program.expressions[extent].constant));
  };
  return { forward: workIn("main"), step: workIn(TRAIN_STEP).reduce((a, b) => a + b) };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b);

Deno.test("ResNet8 multiplies as much as MLPerf Tiny's, layer by layer", () => {
  const { forward, step } = workOfNetwork([32, 32, 3], (layers, x) => resNet8(layers, x, 10));
  const [full, half, skip] = [2_359_296, 1_179_648, 131_072];
  const expected = [442_368, full, full, half, full, skip, half, full, skip, 640];
  assert.deepEqual(forward.toSorted((a, b) => a - b), expected.toSorted((a, b) => a - b));
  assert.equal(sum(forward), 12_501_632);
  assert.equal(step, 37_062_528);
});

Deno.test("DS-CNN multiplies as much as MLPerf Tiny's, layer by layer", () => {
  const { forward, step } = workOfNetwork(
    [49, 10, 1],
    (layers, x) => dsCnn(layers, x, { classes: 12 }),
  );
  const pairs = Array.from({ length: 4 }, () => [72_000, 512_000]).flat();
  assert.deepEqual(forward, [320_000, ...pairs, 768]);
  assert.equal(step, 7_650_304);
});

Deno.test("the authors' mini-ResNet multiplies as much as theirs", () => {
  const { forward, step } = workOfNetwork(
    [32, 32, 3],
    (layers, x) => miniResNet(layers, x, 2),
  );
  assert.equal(sum(forward), 940_524);
  assert.equal(step, 2_722_200);
});

Deno.test("MobileNet-V1 at 128×128 multiplies as much as that of continual learning", () => {
  const { forward, step } = workOfNetwork(
    [128, 128, 3],
    (layers, x) => mobileNetV1(layers, x, { classes: 50 }),
  );
  assert.equal(forward.length, 28);
  assert.equal((sum(forward) / 1e6).toFixed(1), "185.4");
  assert.equal((step / 1e6).toFixed(1), "552.7");
});
