/**
 * Swin as a float32 graph. Windows are rows in another order, so shifting, cutting and merging are
 * gathers; names as in `deit.ts`.
 */
import { FewbitError } from "../errors.ts";
import { times } from "../graph/extent.ts";
import { Graph } from "../graph/graph.ts";
import type { Extent, Value } from "../graph/graph.ts";
import {
  add,
  attentionScores,
  attentionValues,
  gatherRows,
  identity,
  linear,
  meanRows,
  patches,
  relativePositionBias,
  reshape,
  sliceColumns,
  softmax,
} from "../graph/ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { ModelBuilder } from "./_builder.ts";
import { NORMALIZED } from "./deit.ts";
import { headClasses } from "./_head.ts";
import { attentionMask, mergeIndex, relativePositionIndex, windowIndex } from "./_windows.ts";
import type { SwinConfig } from "./vision_config.ts";
import { channelsLast, weight } from "./weights.ts";
import type { Weights } from "./weights.ts";

/** Builds the network; see {@linkcode buildDeiT}. */
export function buildSwin(config: SwinConfig, weights: Weights): Graph {
  const { imageSize: [height, widthOfImage], patchSize, channels, windows, depths } = config;
  const graph = new Graph();
  const model = new ModelBuilder(graph, weights, config.epsilon);
  const batch = graph.symbol("batch", 4096);
  const image = graph.input("image", "f32", [batch, channels, height, widthOfImage]);
  let side = height / patchSize;
  if (height !== widthOfImage) {
    throw new FewbitError("unsupported", `Swin on ${height} × ${widthOfImage} pixels, no square`);
  }
  let [width] = config.widths;
  const proj = weight(weights, "patch_embed.proj.weight", [width, channels, patchSize, patchSize]);
  let x = graph.apply(patches, { x: image }, { patch: patchSize, order: "channels_first" });
  x = graph.apply(
    linear,
    {
      x,
      weight: model.constant("patch_embed.proj.weight", channelsLast(proj)),
      bias: model.bias("patch_embed.proj", width),
    },
    {},
    { name: "patch_embed.proj", output: "patch_embed.qact_before_norm" },
  );
  x = model.norm(x, "patch_embed.norm", width, "patch_embed.qact", config.mergeEpsilon);
  if (config.positions) {
    const table = weight(weights, "pos_embed", [side * side, width]);
    x = graph.apply(add, { a: x, b: model.constant("qact_pos", table) }, {}, { output: "qact1" });
  } else x = graph.apply(identity, { x }, {}, { output: "qact1" });

  depths.forEach((depth, stage) => {
    const window = Math.min(windows[stage], side);
    if (side % window !== 0) {
      throw new FewbitError(
        "unsupported",
        `Swin on ${height} pixels: windows of ${window} do not fill the ${side} rows of stage ${stage}`,
      );
    }
    const stages = new Stage(model, config, { stage, side, width, window, batch });
    for (let i = 0; i < depth; i++) x = stages.block(x, i);
    if (stage === depths.length - 1) return;
    if (side % 2 !== 0) {
      throw new FewbitError("unsupported", `Swin on ${height} pixels: ${side} rows do not merge`);
    }
    const name = `layers.${stage}.downsample.`;
    const merged = model.constant("", indexTensor(mergeIndex(side)));
    x = graph.apply(gatherRows, { x, index: merged });
    side /= 2;
    x = graph.apply(reshape, { x }, { shape: [batch, side * side, 4 * width] });
    x = model.norm(x, `${name}norm`, 4 * width, `${name}qact1`, config.mergeEpsilon);
    width = config.widths[stage + 1];
    x = model.linear(x, `${name}reduction`, width, `${name}qact2`, { bias: false });
  });
  x = model.norm(x, "norm", width, "qact2");
  x = graph.apply(meanRows, { x }, {}, { output: "qact3" });
  const classes = headClasses(weights, config.classes);
  graph.output("logits", model.linear(x, "head", classes, "logits"), NORMALIZED);
  return graph;
}

interface StageOptions {
  readonly stage: number;
  readonly side: number;
  readonly width: number;
  readonly window: number;
  readonly batch: Extent;
}

class Stage {
  readonly #order: { readonly cut: Value; readonly back: Value }[];
  readonly #mask: Value | undefined;
  readonly #shift: number;
  readonly #positions: Value;

  constructor(
    readonly model: ModelBuilder,
    readonly config: SwinConfig,
    readonly options: StageOptions,
  ) {
    const { side, window } = options;
    this.#positions = model.constant("", indexTensor(relativePositionIndex(window)));
    this.#shift = side > window ? Math.floor(window / 2) : 0;
    const shifts = this.#shift === 0 ? [0] : [0, this.#shift];
    this.#order = shifts.map((shift) => {
      const order = windowIndex(side, window, shift);
      const back = new Int32Array(order.length);
      order.forEach((from, to) => back[from] = to);
      return {
        cut: model.constant("", indexTensor(order)),
        back: model.constant("", indexTensor(back)),
      };
    });
    this.#mask = this.#shift === 0
      ? undefined
      : model.constant("", attentionMask(side, window, this.#shift));
  }

  block(x: Value, i: number): Value {
    const { graph } = this.model;
    const { model, config, options } = this;
    const { width, side, stage, window, batch } = options;
    const block = `layers.${stage}.blocks.${i}.`;
    const heads = config.heads[stage];
    const shifted = i % 2 === 1 && this.#shift > 0;
    const order = this.#order[shifted ? 1 : 0];
    const headWidth = config.headWidths[stage];
    const inner = heads * headWidth;
    const size = window ** 2;
    const windows = times(batch, side * side / size);

    let y = model.norm(x, `${block}norm1`, width, `${block}qact1`);
    y = graph.apply(gatherRows, { x: y, index: order.cut });
    y = graph.apply(reshape, { x: y }, { shape: [windows, size, width] });
    const qkv = model.linear(y, `${block}attn.qkv`, 3 * inner, `${block}attn.qact1`, {
      bias: config.qkvBias,
    });
    const [q, k, v] = [0, 1, 2].map((j) =>
      graph.apply(sliceColumns, { x: qkv }, { start: j * inner, end: (j + 1) * inner })
    );
    let scores = graph.apply(
      attentionScores,
      { q, k },
      { heads, scale: Math.fround(headWidth ** -0.5) },
      { output: `${block}attn.qact_attn1` },
    );
    const rows = (2 * window - 1) ** 2;
    const name = `${block}attn.relative_position_bias_table`;
    const table = model.constant(
      `${block}attn.qact_table`,
      weight(model.weights, name, [rows, heads]),
    );
    const bias = graph.apply(relativePositionBias, { table, index: this.#positions });
    scores = graph.apply(add, { a: scores, b: bias }, {}, { output: `${block}attn.qact2` });
    const p = graph.apply(
      softmax,
      { x: scores, mask: shifted ? this.#mask : undefined },
      {},
      { output: `${block}attn.log_int_softmax` },
    );
    y = graph.apply(attentionValues, { p, v }, {}, { output: `${block}attn.qact3` });
    y = model.linear(y, `${block}attn.proj`, width, `${block}attn.qact4`);
    y = graph.apply(reshape, { x: y }, { shape: [batch, side * side, width] });
    y = graph.apply(gatherRows, { x: y, index: order.back });
    x = graph.apply(add, { a: y, b: x }, {}, { output: `${block}qact2` });
    y = model.norm(x, `${block}norm2`, width, `${block}qact3`);
    y = model.linear(y, `${block}mlp.fc1`, config.hiddens[stage], `${block}mlp.qact_gelu`);
    y = model.activation(y, config.activation, {
      name: `${block}mlp.act`,
      output: `${block}mlp.qact1`,
    });
    y = model.linear(y, `${block}mlp.fc2`, width, `${block}mlp.qact2`);
    return graph.apply(add, { a: y, b: x }, {}, { output: `${block}qact4` });
  }
}

function indexTensor(data: Int32Array): Tensor {
  return { dtype: "i32", shape: [data.length], data };
}
