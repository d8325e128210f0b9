/** Convolutions of ResNet8 and DS-CNN, forward and both gradients, beside TensorFlow.js in plain JavaScript. */
import { Stream } from "../../test/golden/seeded.ts";
import { interleave } from "../interleave.ts";
import type { Timings } from "../interleave.ts";
import { table, times } from "../../tools/markdown_table.ts";
import { agree } from "./products.ts";
import { openLayer, outputOf, weightOf } from "./programs.ts";
import type { Layer } from "./programs.ts";
import { tf, useBackend } from "./tfjs.ts";

/** One picture: for more the peer takes seconds. */
const BATCH = 1;

const THREE = [3, 3] as const;

const LAYERS: readonly Layer[] = [
  { name: "conv0", x: [BATCH, 28, 28, 1], kernel: THREE, outputs: 16, stride: 1 },
  { name: "s1.a", x: [BATCH, 28, 28, 16], kernel: THREE, outputs: 16, stride: 1 },
  { name: "s2.a", x: [BATCH, 28, 28, 16], kernel: THREE, outputs: 32, stride: 2 },
  { name: "s2.b", x: [BATCH, 14, 14, 32], kernel: THREE, outputs: 32, stride: 1 },
  { name: "s2.skip", x: [BATCH, 28, 28, 16], kernel: [1, 1], outputs: 32, stride: 2 },
  { name: "s3.b", x: [BATCH, 7, 7, 64], kernel: THREE, outputs: 64, stride: 1 },
  { name: "DS-CNN conv0", x: [BATCH, 28, 28, 1], kernel: [10, 4], outputs: 64, stride: 2 },
  {
    ...{ name: "DS-CNN dw", x: [BATCH, 14, 14, 64], kernel: THREE, outputs: 64, stride: 1 },
    depthwise: true,
  },
  { name: "DS-CNN pw", x: [BATCH, 14, 14, 64], kernel: [1, 1], outputs: 64, stride: 1 },
];

/** Times of one layer. */
export interface LayerResult {
  readonly layer: Layer;
  readonly timings: Timings;
}

/** Measures all layers; the peer takes long, so few rounds are enough. */
export async function benchLayers(rounds: number): Promise<LayerResult[]> {
  await useBackend("cpu");
  const results: LayerResult[] = [];
  for (const layer of LAYERS) {
    const stream = new Stream(layer.outputs);
    const take = (shape: readonly number[]) => stream.take(shape.reduce((a, b) => a * b, 1), 1);
    const shapes = { x: layer.x, weight: weightOf(layer), dy: outputOf(layer) };
    const inputs = { x: take(shapes.x), weight: take(shapes.weight), dy: take(shapes.dy) };
    const instance = await openLayer(layer);
    const peer = openPeer(layer, inputs);
    agree(instance.runSync(inputs).dw.data as Float32Array, peer.dw(), layer.name);
    results.push({
      layer,
      timings: await interleave([
        { name: "fewbit", run: () => instance.runSync(inputs) },
        { name: "tfjs-cpu", run: () => peer.run() },
      ], { rounds }),
    });
    instance[Symbol.dispose]();
    peer.release();
  }
  return results;
}

/** The table. */
export function reportLayers(results: readonly LayerResult[]): string {
  const rows = results.map(({ layer: { name, x, kernel, outputs, stride }, timings }) => [
    name,
    `${x.join("×")}, ${kernel.join("×")} to ${outputs}, stride ${stride}`,
    timings.median("fewbit").toFixed(2),
    timings.median("tfjs-cpu").toFixed(0),
    times(timings.ratio("fewbit", "tfjs-cpu"), timings.bestRatio("fewbit", "tfjs-cpu")),
  ]);
  return table(["layer", "x, kernel", "fewbit ms", "tfjs-cpu ms", "ratio"], rows);
}

/** The layer in TensorFlow.js: weights `[height, width, inputs, outputs]`. */
function openPeer(
  layer: Layer,
  inputs: { readonly x: Float32Array; readonly weight: Float32Array; readonly dy: Float32Array },
) {
  const { stride, depthwise } = layer;
  const shape = weightOf(layer) as [number, number, number, number];
  const order = depthwise === true ? [1, 2, 0, 3] : [1, 2, 3, 0];
  const x = tf.tensor4d(inputs.x, [...layer.x]);
  const weight = tf.tidy(() => tf.transpose(tf.tensor4d(inputs.weight, shape), order));
  const dy = tf.tensor4d(inputs.dy, outputOf(layer) as [number, number, number, number]);
  const forward = (a: tf.Tensor4D, w: tf.Tensor4D) =>
    depthwise === true ? tf.depthwiseConv2d(a, w, stride, "same") : tf.conv2d(a, w, stride, "same");
  const both = tf.grads((a, w) => forward(a as tf.Tensor4D, w as tf.Tensor4D));
  const back = depthwise === true ? [2, 0, 1, 3] : [3, 0, 1, 2];
  return {
    /** `tf.grads` computes the output and both gradients. */
    run: () => tf.dispose(both([x, weight], dy)),
    /** In our order. */
    dw: () => tf.tidy(() => tf.transpose(both([x, weight], dy)[1], back)).dataSync(),
    release: () => tf.dispose([x, weight, dy]),
  };
}
