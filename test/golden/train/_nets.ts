/** The networks of the oracle, from inputs in our layouts to logits. */
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { dsCnn } from "../../../src/models/ds_cnn.ts";
import { miniResNet } from "../../../src/training/networks/mini_resnet.ts";
import { mobileNetV1 } from "../../../src/training/networks/mobilenet_v1.ts";
import { resNet8 } from "../../../src/models/resnet8.ts";
import { tinyVit } from "../../../src/training/networks/tiny_vit.ts";
import type { TrainedLayers } from "../../../src/models/trained_layers.ts";
import { attention } from "../../../src/training/layers/attention.ts";

/** Logits of an input. */
export type Net = (layers: TrainedLayers, x: Value) => Value;

function mlp(layers: TrainedLayers, x: Value): Value {
  const build = new NodeBuilder(layers.graph);
  return layers.linear(build.unary(layers.linear(x, "fc1", 128), "relu"), "fc2", 10);
}

/** Bounds of the sequences of the Transformer. */
const OFFSETS = [0, 12, 21, 33, 40];

function transformer(layers: TrainedLayers, ids: Value): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const [C, H, V, I] = [32, 2, 37, 64];
  const [tokens, half] = [OFFSETS[4], C / H / 2];
  const norm = (x: Value, name: string): Value =>
    graph.apply(ops.rmsNormalization, { x, gamma: layers.vector(`${name}.weight`, C, 1) }, {
      epsilon: 1e-6,
    });
  const angles = Array.from({ length: tokens * H * half }, (_, at) => {
    const token = Math.floor(at / (H * half));
    const place = token - OFFSETS.findLast((first) => first <= token)!;
    return place * 10_000 ** (-(at % half) / half);
  });
  const cos = build.constant([tokens * H, half], angles.map(Math.cos));
  const sin = build.constant([tokens * H, half], angles.map(Math.sin));
  const rotate = (x: Value): Value => {
    const rows = build.reshape(x, [tokens * H, 2 * half]);
    const part = (start: number): Value =>
      graph.apply(ops.sliceColumns, { x: rows }, { start, end: start + half });
    const [a, b] = [part(0), part(half)];
    const left = build.sub(build.mul(a, cos), build.mul(b, sin));
    const right = build.add(build.mul(a, sin), build.mul(b, cos));
    const padded = (x: Value, before: number): Value =>
      graph.apply(ops.padColumns, { x }, { before, after: half - before });
    return build.reshape(build.add(padded(left, 0), padded(right, half)), [1, tokens, C]);
  };
  const table = layers.parameter({ name: "embed.weight", shape: [V, C], bound: 1, offset: 0 });
  let x = graph.apply(ops.embedding, { table, index: ids });
  for (const i of [0, 1]) {
    const b = `layers.${i}`;
    const h = norm(x, `${b}.attn_norm`);
    const by = (y: Value, name: string, outputs: number): Value =>
      layers.linear(y, `${b}.${name}`, outputs, false);
    const v = build.reshape(by(h, "v", C), [1, tokens, C]);
    const rows = { q: rotate(by(h, "q", C)), k: rotate(by(h, "k", C)), v };
    const context = attention(build, rows, { heads: H, causal: true, offsets: OFFSETS });
    x = build.add(x, by(build.reshape(context, [tokens, C]), "o", C));
    const m = norm(x, `${b}.mlp_norm`);
    const gated = graph.apply(ops.swiglu, { gate: by(m, "gate", I), up: by(m, "up", I) });
    x = build.add(x, by(gated, "down", C));
  }
  return layers.linear(norm(x, "norm"), "head", V, false);
}

/** By the oracle's names. */
export const NETS: Readonly<Record<string, Net>> = {
  mlp,
  resnet8_32: (layers, x) => resNet8(layers, x, 10),
  ds_cnn_49x10: (layers, x) => dsCnn(layers, x, { classes: 12 }),
  ds_cnn_28x28: (layers, x) => dsCnn(layers, x, { classes: 10 }),
  mini_resnet: (layers, x) => miniResNet(layers, x, 2),
  mobilenet_v1_025_32: (layers, x) => mobileNetV1(layers, x, { classes: 10, width: 0.25 }),
  vit: (layers, x) => tinyVit(layers, x, { classes: 10 }),
  transformer,
};
