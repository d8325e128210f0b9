/**
 * DeiT and ViT as a float32 graph. Values that a quantiser may have to put on a grid carry the names
 * that I-ViT's checkpoints use for them (`blocks.0.attn.qact1`).
 */
import { Graph } from "../graph/graph.ts";
import type { Extent, Value } from "../graph/graph.ts";
import {
  add,
  attentionScores,
  attentionValues,
  concatRows,
  gatherRows,
  linear,
  meanRows,
  patches,
  reshape,
  selectRow,
  sliceColumns,
  softmax,
} from "../graph/ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { ModelBuilder } from "./_builder.ts";
import type { LinearOptions } from "./_builder.ts";
import { headClasses } from "./_head.ts";
import type { DeiTConfig } from "./vision_config.ts";
import { channelsLast, weight } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** Entry that takes images which are already normalised. */
export const NORMALIZED = "normalized";

/**
 * Builds the network: input `image` float32 `[batch, channels, height, width]`, output `logits`
 * `[batch, classes]`, entry `normalized`.
 *
 * @param config Its sizes.
 * @param weights Tensors under timm's names.
 * @throws {FewbitError} Where a tensor is missing, of another shape, or not finite.
 */
export function buildDeiT(config: DeiTConfig, weights: Weights): Graph {
  const { imageSize: [height, widthOfImage], channels, depth } = config;
  const graph = new Graph();
  const model = new ModelBuilder(graph, weights, config.epsilon);
  const batch = graph.symbol("batch", 4096);
  const image = graph.input("image", "f32", [batch, channels, height, widthOfImage]);
  let x = embed(model, config, image);
  for (let i = 0; i < depth; i++) x = buildBlock(model, config, x, `blocks.${i}.`);
  graph.output("logits", buildHead(model, config, x, batch), NORMALIZED);
  return graph;
}

/** Patches behind the rows of the prefix, with positions. */
function embed(model: ModelBuilder, config: DeiTConfig, image: Value): Value {
  const { graph, weights } = model;
  const { imageSize: [height, widthOfImage], patchSize, channels, width, prefix } = config;
  const cut = graph.apply(patches, { x: image }, { patch: patchSize, order: "channels_first" });
  const filters = weight(weights, "patch_embed.proj.weight", [
    width,
    channels,
    patchSize,
    patchSize,
  ]);
  let x = graph.apply(
    linear,
    {
      x: cut,
      weight: model.constant("patch_embed.proj.weight", channelsLast(filters)),
      bias: config.preNorm ? undefined : model.bias("patch_embed.proj", width),
    },
    {},
    { name: "patch_embed.proj", output: "patch_embed.qact" },
  );
  const before = prefix.map(([name, rows]) => weight(weights, name, [rows, width]));
  const rows = before.reduce((sum, { shape }) => sum + shape[0], 0);
  if (rows > 0) {
    const data = Float32Array.from(before.flatMap((tensor) => [...tensor.data as Float32Array]));
    const tensor = { dtype: "f32", shape: [rows, width], data } as const;
    x = graph.apply(concatRows, { first: model.constant("cls_token", tensor), x });
  }
  const count = height / patchSize * (widthOfImage / patchSize);
  const table = model.constant("qact_pos", positionTable(config, weights, rows, count));
  x = graph.apply(add, { a: x, b: table }, {}, { output: "qact1" });
  return config.preNorm ? model.norm(x, "norm_pre", width, "qact_pre") : x;
}

/** Positions of all rows; those that have none get zeros. */
function positionTable(
  { positions, width }: DeiTConfig,
  weights: Weights,
  prefix: number,
  patches: number,
): Tensor {
  const data = new Float32Array((prefix + patches) * width);
  if (positions !== "none") {
    const first = positions === "all" ? 0 : prefix;
    const tensor = weight(weights, "pos_embed", [prefix + patches - first, width]);
    data.set(tensor.data as Float32Array, first * width);
  }
  return { dtype: "f32", shape: [prefix + patches, width], data };
}

/** The last norm, the pooling and the classifier. */
function buildHead(model: ModelBuilder, config: DeiTConfig, x: Value, batch: Extent): Value {
  const { graph, weights } = model;
  const { width, pooling, lastNorm } = config;
  const classes = headClasses(weights, config.classes);
  if (pooling === "token" || pooling === "two heads") {
    // Rows are independent from here on, and only one or two are needed.
    const rows = pooling === "token" ? 1 : 2;
    x = rows === 1
      ? graph.apply(selectRow, { x }, { row: 0 })
      : graph.apply(gatherRows, { x, index: rowIndex(model, 0, rows) });
    x = graph.apply(reshape, { x }, { shape: rows === 1 ? [batch, width] : [batch, rows, width] });
    x = model.norm(x, lastNorm, width, "qact2");
    if (rows === 1) return model.linear(x, "head", classes, "logits");
    x = graph.apply(reshape, { x }, { shape: [batch, rows * width] });
    return graph.apply(linear, { x, ...meanOfHeads(model, classes, width) }, {}, {
      name: "head",
      output: "logits",
    });
  }
  const all = x.shape[1] as number;
  const first = config.prefix.reduce((sum, [, rows]) => sum + rows, 0);
  const patchesOnly = pooling === "patches" && first > 0;
  if (lastNorm === "norm") x = model.norm(x, "norm", width, "qact2");
  if (patchesOnly) x = graph.apply(gatherRows, { x, index: rowIndex(model, first, all) });
  x = graph.apply(meanRows, { x }, {}, { output: "qact3" });
  if (lastNorm === "fc_norm") x = model.norm(x, "fc_norm", width, "qact4");
  return model.linear(x, "head", classes, "logits");
}

/** Half of the class head and half of the distillation head side by side: their mean in one layer. */
function meanOfHeads(
  model: ModelBuilder,
  classes: number,
  width: number,
): { readonly weight: Value; readonly bias: Value } {
  const heads = ["head", "head_dist"];
  const weights = heads.map((name) =>
    weight(model.weights, `${name}.weight`, [classes, width]).data as Float32Array
  );
  const biases = heads.map((name) =>
    weight(model.weights, `${name}.bias`, [classes]).data as Float32Array
  );
  const rows = new Float32Array(classes * 2 * width);
  for (let n = 0; n < classes; n++) {
    weights.forEach((data, i) =>
      rows.set(data.subarray(n * width, (n + 1) * width).map((w) => w / 2), (2 * n + i) * width)
    );
  }
  const bias = biases[0].map((b, n) => b / 2 + biases[1][n] / 2);
  return {
    weight: model.constant("head.weight", {
      dtype: "f32",
      shape: [classes, 2 * width],
      data: rows,
    }),
    bias: model.constant("head.bias", { dtype: "f32", shape: [classes], data: bias }),
  };
}

/** Rows `first` to `end`, as an index. */
function rowIndex(model: ModelBuilder, first: number, end: number): Value {
  const data = Int32Array.from({ length: end - first }, (_, i) => first + i);
  return model.constant("", { dtype: "i32", shape: [end - first], data });
}

function buildBlock(model: ModelBuilder, config: DeiTConfig, x: Value, block: string): Value {
  const { graph } = model;
  const { width, heads, headWidth, hidden, layerScale } = config;
  const inner = heads * headWidth;
  const scaleOf = (name: string): LinearOptions =>
    layerScale ? { scale: `${block}${name}.gamma` } : {};
  let y = model.norm(x, `${block}norm1`, width, `${block}qact1`);
  const qkv = model.linear(y, `${block}attn.qkv`, 3 * inner, `${block}attn.qact1`, {
    bias: config.qkvBias,
  });
  const [q, k, v] = [0, 1, 2].map((i) =>
    graph.apply(sliceColumns, { x: qkv }, { start: i * inner, end: (i + 1) * inner })
  );
  const scores = graph.apply(
    attentionScores,
    { q, k },
    { heads, scale: Math.fround(headWidth ** -0.5) },
    { output: `${block}attn.qact_attn1` },
  );
  const p = graph.apply(softmax, { x: scores }, {}, { output: `${block}attn.int_softmax` });
  y = graph.apply(attentionValues, { p, v }, {}, { output: `${block}attn.qact2` });
  y = model.linear(y, `${block}attn.proj`, width, `${block}attn.qact3`, {
    bias: config.projectionBias,
    ...scaleOf("ls1"),
  });
  x = graph.apply(add, { a: y, b: x }, {}, { output: `${block}qact2` });
  y = model.norm(x, `${block}norm2`, width, `${block}qact3`);
  const bias = config.projectionBias;
  y = model.linear(y, `${block}mlp.fc1`, hidden, `${block}mlp.qact_gelu`, { bias });
  y = model.activation(y, config.activation, {
    name: `${block}mlp.act`,
    output: `${block}mlp.qact1`,
  });
  y = model.linear(y, `${block}mlp.fc2`, width, `${block}mlp.qact2`, { bias, ...scaleOf("ls2") });
  return graph.apply(add, { a: y, b: x }, {}, { output: `${block}qact4` });
}
