import assert from "node:assert/strict";
import { Graph } from "../../src/graph/graph.ts";
import * as ops from "../../src/graph/ops/mod.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { compile } from "../../src/lower/compile.ts";
import { encodeProgram } from "../../src/program/encode.ts";

Deno.test("a model of one class gives its probability, not certainty", async () => {
  const graph = new Graph();
  const batch = graph.symbol("batch", 4);
  const image = graph.input("image", "f32", [batch, 1, 2, 2]);
  const rows = graph.apply(ops.reshape, { x: image }, { shape: [batch, 4] });
  const weight = graph.constant("", {
    dtype: "f32",
    shape: [1, 4],
    data: Float32Array.of(1, 0, 0, 0),
  });
  graph.output("logits", graph.apply(ops.linear, { x: rows, weight }), "normalized");
  const preprocessing = {
    inputSize: [1, 2, 2],
    mean: [0],
    std: [1],
    interpolation: "bilinear",
    resize: { mode: "stretch", width: 2, height: 2 },
    centerCrop: false,
  };
  const program = compile(graph, {
    metadata: { labels: ["cat"], preprocessing },
  });
  using model = await ImageClassifier.fromPretrained(await encodeProgram(program));
  for (const value of [0, 51, 255]) {
    const data = new Uint8Array(4).fill(value);
    const { label, score } = await model.classify({ width: 2, height: 2, channels: 1, data });
    // The logistic of the pixel's value, from 0 to 1.
    assert.ok(Math.abs(score - 1 / (1 + Math.exp(-value / 255))) < 1e-6, `${score}`);
    assert.equal(label, "cat");
  }
});
