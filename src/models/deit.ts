/**
 * DeiT and ViT as a float32 graph. Values that a quantiser may have to put on a grid carry the names
 * that I-ViT's checkpoints use for them (`blocks.0.attn.qact1`).
 */
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import {
  add,
  attentionScores,
  attentionValues,
  concatRows,
  gelu,
  linear,
  patches,
  reshape,
  selectRow,
  sliceColumns,
  softmax,
} from "../graph/ops/mod.ts";
import { ModelBuilder } from "./_builder.ts";
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
  const { imageSize, patchSize, channels, width, depth, classes } = config;
  const graph = new Graph();
  const model = new ModelBuilder(graph, weights, config.epsilon);
  const batch = graph.symbol("batch", 4096);
  const image = graph.input("image", "f32", [batch, channels, imageSize, imageSize]);
  const tokens = (imageSize / patchSize) ** 2 + 1;

  const proj = weight(weights, "patch_embed.proj.weight", [width, channels, patchSize, patchSize]);
  const cut = graph.apply(patches, [image], { patch: patchSize, order: "channels_first" });
  let x = graph.apply(
    linear,
    [
      cut,
      model.constant("patch_embed.proj.weight", channelsLast(proj)),
      model.bias("patch_embed.proj", width),
    ],
    {},
    { name: "patch_embed.proj", output: "patch_embed.qact" },
  );
  const token = weight(weights, "cls_token", [1, width]);
  const positions = weight(weights, "pos_embed", [tokens, width]);
  x = graph.apply(concatRows, [model.constant("cls_token", token), x]);
  x = graph.apply(add, [x, model.constant("qact_pos", positions)], {}, { output: "qact1" });

  for (let i = 0; i < depth; i++) x = buildBlock(model, config, x, `blocks.${i}.`);

  // Rows are independent from here on, and only the class token's is needed.
  x = graph.apply(selectRow, [x], { row: 0 });
  x = graph.apply(reshape([batch, width]), [x]);
  x = model.norm(x, "norm", width, "qact2");
  graph.output("logits", model.linear(x, "head", classes, "logits"), NORMALIZED);
  return graph;
}

function buildBlock(model: ModelBuilder, config: DeiTConfig, x: Value, block: string): Value {
  const { graph } = model;
  const { width, heads, hidden } = config;
  let y = model.norm(x, `${block}norm1`, width, `${block}qact1`);
  const qkv = model.linear(y, `${block}attn.qkv`, 3 * width, `${block}attn.qact1`);
  const [q, k, v] = [0, 1, 2].map((i) =>
    graph.apply(sliceColumns, [qkv], { start: i * width, end: (i + 1) * width })
  );
  const scores = graph.apply(
    attentionScores,
    [q, k],
    { heads, scale: Math.fround((width / heads) ** -0.5) },
    { output: `${block}attn.qact_attn1` },
  );
  const p = graph.apply(softmax, [scores], {}, { output: `${block}attn.int_softmax` });
  y = graph.apply(attentionValues, [p, v], {}, { output: `${block}attn.qact2` });
  y = model.linear(y, `${block}attn.proj`, width, `${block}attn.qact3`);
  x = graph.apply(add, [y, x], {}, { output: `${block}qact2` });
  y = model.norm(x, `${block}norm2`, width, `${block}qact3`);
  y = model.linear(y, `${block}mlp.fc1`, hidden, `${block}mlp.qact_gelu`);
  y = graph.apply(gelu, [y], {}, { name: `${block}mlp.act`, output: `${block}mlp.qact1` });
  y = model.linear(y, `${block}mlp.fc2`, width, `${block}mlp.qact2`);
  return graph.apply(add, [y, x], {}, { output: `${block}qact4` });
}
