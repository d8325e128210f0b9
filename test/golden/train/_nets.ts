/** The networks of the oracle, from inputs in our layouts to logits. */
import type { Value } from "../../../src/graph/graph.ts";
import { NodeBuilder } from "../../../src/graph/node_builder.ts";
import * as ops from "../../../src/graph/ops/mod.ts";
import { dsCnn } from "../../../src/models/ds_cnn.ts";
import { resNet8 } from "../../../src/models/resnet8.ts";
import type { TrainedLayers } from "../../../src/models/trained_layers.ts";
import { attention } from "../../../src/training/layers/attention.ts";
import { instanceNormalization } from "../../../src/training/layers/group_normalization.ts";

/** Logits of an input. */
export type Net = (layers: TrainedLayers, x: Value) => Value;

function mlp(layers: TrainedLayers, x: Value): Value {
  const build = new NodeBuilder(layers.graph);
  return layers.linear(build.unary(layers.linear(x, "fc1", 128), "relu"), "fc2", 10);
}

function mean(layers: TrainedLayers, x: Value): Value {
  const [batch, height, width, channels] = x.shape as number[];
  const rows = new NodeBuilder(layers.graph).reshape(x, [batch, height * width, channels]);
  return layers.graph.apply(ops.meanRows, { x: rows });
}

function miniResNet(layers: TrainedLayers, x: Value): Value {
  const build = new NodeBuilder(layers.graph);
  const block = (x: Value, name: string, kernel: number, outputs: number, norm = true): Value => {
    const inputs = x.shape[3] as number;
    const depthwise = layers.conv(x, `${name}.dw`, [inputs, kernel, kernel], { group: inputs });
    const y = layers.conv(depthwise, `${name}.pw`, [outputs, 1, 1]);
    if (!norm) return y;
    const scale = layers.vector(`${name}.in.weight`, outputs, 1);
    const bias = layers.vector(`${name}.in.bias`, outputs, 0);
    const normalized = instanceNormalization(build, { x: y, scale, bias }, { epsilon: 1e-10 });
    return build.unary(normalized, "relu");
  };
  const b = block(block(x, "b1", 7, 8), "b2", 7, 16);
  const main = block(block(b, "m1", 7, 24), "m2", 5, 32);
  const sum = build.add(main, block(b, "skip", 11, 32, false));
  // PyTorch flattens channels first.
  const first = layers.graph.apply(ops.transpose, { x: sum }, { perm: [0, 3, 1, 2] });
  return layers.linear(build.reshape(first, [sum.shape[0], 3200]), "fc", 2);
}

const MOBILENET = [
  [16, 1],
  [32, 2],
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  ...Array.from({ length: 5 }, () => [128, 1]),
  [256, 2],
  [256, 1],
];

function mobileNet(layers: TrainedLayers, x: Value): Value {
  const build = new NodeBuilder(layers.graph);
  const normalized = (y: Value, name: string): Value =>
    build.unary(layers.batchNorm(y, name), "relu");
  const pads = [1, 1, 1, 1];
  let y = normalized(layers.conv(x, "conv0", [8, 3, 3], { strides: [2, 2], pads }), "bn0");
  MOBILENET.forEach(([outputs, stride], i) => {
    const group = y.shape[3] as number;
    const strides = [stride, stride];
    const dw = layers.conv(y, `dw${i + 1}`, [group, 3, 3], { strides, pads, group });
    const pw = layers.conv(normalized(dw, `dw${i + 1}.bn`), `pw${i + 1}`, [outputs, 1, 1]);
    y = normalized(pw, `pw${i + 1}.bn`);
  });
  return layers.linear(mean(layers, y), "fc", 10, false);
}

function vit(layers: TrainedLayers, x: Value): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const C = 32;
  const parameter = (name: string, ...shape: number[]): Value =>
    layers.parameter({ name, shape, bound: 0, offset: 0 });
  const cls = parameter("cls_token", 1, 1, C);
  const positions = parameter("pos_embed", 1, 17, C);
  const norm = (x: Value, name: string): Value =>
    graph.apply(ops.layerNormalization, {
      x,
      scale: layers.vector(`${name}.weight`, C, 1),
      bias: layers.vector(`${name}.bias`, C, 0),
    }, { epsilon: 1e-6 });
  const patches = layers.conv(x, "patch_embed.proj", [C, 7, 7], { strides: [7, 7], bias: true });
  const batch = patches.shape[0];
  const first = build.reshape(cls, [1, C]);
  const tokens = graph.apply(ops.concatRows, { first, x: build.reshape(patches, [batch, 16, C]) });
  let y = build.add(tokens, build.reshape(positions, [17, C]));
  for (const i of [0, 1]) {
    const b = `blocks.${i}`;
    const qkv = layers.linear(norm(y, `${b}.norm1`), `${b}.attn.qkv`, 3 * C);
    const part = (n: number): Value =>
      graph.apply(ops.sliceColumns, { x: qkv }, { start: n * C, end: (n + 1) * C });
    const context = attention(build, { q: part(0), k: part(1), v: part(2) }, {
      heads: 2,
      causal: false,
    });
    y = build.add(y, layers.linear(context, `${b}.attn.proj`, C));
    const hidden = layers.linear(norm(y, `${b}.norm2`), `${b}.mlp.fc1`, 4 * C);
    y = build.add(y, layers.linear(graph.apply(ops.gelu, { x: hidden }), `${b}.mlp.fc2`, C));
  }
  const row = graph.apply(ops.selectRow, { x: norm(y, "norm") }, { row: 0 });
  return layers.linear(build.reshape(row, [batch, C]), "head", 10);
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
  mini_resnet: miniResNet,
  mobilenet_v1_025_32: mobileNet,
  vit,
  transformer,
};
