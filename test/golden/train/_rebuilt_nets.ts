/** The networks of the oracle as graphs, with the parameters and batches that their seeds give. */
import assert from "node:assert/strict";
import type { Inputs } from "../../../src/engines/engine.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import { channelsLast, TrainedLayers } from "../../../src/models/trained_layers.ts";
import { crossEntropy } from "../../../src/training/losses/cross_entropy.ts";
import { sha256 } from "../_shared.ts";
import { Stream } from "../seeded.ts";
import { NETS } from "./_nets.ts";

/** A case of `nets.json`. */
// deno-lint-ignore no-explicit-any
export type NetCase = any;
type Case = NetCase;

/** Parameters and five batches of a network, rebuilt from its seed. */
export function rebuilt(c: Case) {
  const stream = new Stream(c.seed);
  const parameters = new Map<string, Float32Array>();
  for (const [name, shape, bound, offset] of c.layout) {
    parameters.set(
      name,
      stream.take(shape.reduce((a: number, b: number) => a * b, 1), bound, offset),
    );
  }
  const all = Float32Array.from([...parameters.values()].flatMap((values) => [...values]));
  assert.equal(sha256(all).slice(0, 16), c.sha256_16.parameters);
  const batches: Inputs[] = Array.from({ length: 5 }, () => {
    if (!Array.isArray(c.input)) return tokens(stream, c);
    const shape = c.input as number[];
    const x = stream.take(shape.reduce((a, b) => a * b), 1.5);
    const labels = Int32Array.from({ length: 4 }, () => stream.next() % c.classes);
    return { x: shape.length === 4 ? channelsLast(x, shape) : x, labels };
  });
  return { parameters, batches };
}

/** Ids, and the next id of each as its label, none at the end of a sequence. */
function tokens(stream: Stream, c: Case): Inputs {
  const x = Int32Array.from({ length: c.input.ids }, () => stream.next() % c.classes);
  const labels = Int32Array.from(x, (_, i) => c.input.offsets.includes(i + 1) ? -100 : x[i + 1]);
  return { x, labels };
}

/** The graph of a network, its logits and its loss. */
export function graphOf(c: Case, parameters: ReadonlyMap<string, Float32Array>) {
  const graph = new Graph();
  const layers = new TrainedLayers(graph, ({ name }) => parameters.get(name)!, {
    epsilon: c.batch_norm?.epsilon ?? 1e-3,
    momentum: 0.1,
  });
  const isText = !Array.isArray(c.input);
  const extents = isText
    ? [c.input.ids]
    : c.input.length === 4
    ? [c.input[0], c.input[2], c.input[3], c.input[1]]
    : c.input;
  const x = isText
    ? graph.input("x", "i32", extents, { check: "below", limit: c.classes })
    : graph.input("x", "f32", extents);
  const labels = graph.input("labels", "i32", [extents[0]]);
  const logits = NETS[c.net](layers, x);
  const loss = crossEntropy(new NodeBuilder(graph), logits, labels);
  return { graph, logits, loss, frozenStatistics: c.batch_norm?.frozen === true };
}

/** Cosine of two tensors, and how their norms compare. */
export function cosineAndRatio(got: ArrayLike<number>, want: ArrayLike<number>): [number, number] {
  let [product, a, b] = [0, 0, 0];
  for (let i = 0; i < want.length; i++) {
    product += got[i] * want[i];
    a += got[i] ** 2;
    b += want[i] ** 2;
  }
  return [product / Math.sqrt(a * b), Math.sqrt(a / b)];
}
