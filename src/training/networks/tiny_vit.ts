import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import {
  concatRows,
  gelu,
  layerNormalization,
  selectRow,
  sliceColumns,
} from "../../graph/ops/mod.ts";
import { attention } from "../layers/attention.ts";
import type { TrainedLayers } from "../../models/trained_layers.ts";

/** Sizes of a small vision transformer. */
export interface TinyVitSettings {
  /** Outputs of the last layer. */
  readonly classes: number;
  /** Side of a patch, of which pictures have whole ones. Default 7. */
  readonly patch?: number;
  /** Channels of a token. Default 32. */
  readonly channels?: number;
  /** Default 2. */
  readonly heads?: number;
  /** Blocks. Default 2. */
  readonly depth?: number;
  /** Channels within an MLP. Default: four times those of a token. */
  readonly hidden?: number;
  /** Added to variances. Default 1e-6, as timm has it. */
  readonly epsilon?: number;
  /** How far from 0 the class token and the positions are at first, at most. Default 0. */
  readonly spread?: number;
  /** What stands for a value, by I-ViT's name of its grid. Default: the value itself. */
  readonly stand?: (x: Value, site: string) => Value;
}

/**
 * A vision transformer on `[B, H, W, C]` by timm's names: patches, a class token, positions, blocks of attention and an
 * MLP with norms before them; a linear layer on the class token.
 */
export function tinyVit(layers: TrainedLayers, x: Value, settings: TinyVitSettings): Value {
  const { classes, patch = 7, channels = 32, heads = 2, depth = 2, spread = 0 } = settings;
  const { hidden: wide = 4 * channels, epsilon = 1e-6 } = settings;
  const at = settings.stand ?? ((x: Value): Value => x);
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const parameter = (name: string, ...shape: number[]): Value =>
    layers.parameter({ name, shape, bound: spread, offset: 0 });
  const norm = (x: Value, name: string): Value =>
    graph.apply(layerNormalization, {
      x,
      scale: layers.vector(`${name}.weight`, channels, 1),
      bias: layers.vector(`${name}.bias`, channels, 0),
    }, { epsilon });
  const [batch, height, width] = x.shape as number[];
  const count = height / patch * (width / patch);
  const first = build.reshape(parameter("cls_token", 1, 1, channels), [1, channels]);
  const positions = parameter("pos_embed", 1, count + 1, channels);
  const patches = layers.conv(x, "patch_embed.proj", [channels, patch, patch], {
    strides: [patch, patch],
    bias: true,
  });
  const tokens = build.reshape(patches, [batch, count, channels]);
  let y = at(
    build.add(
      graph.apply(concatRows, { first, x: tokens }),
      build.reshape(positions, [count + 1, channels]),
    ),
    "qact1",
  );
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`;
    const normed = at(norm(y, `${block}.norm1`), `${block}.qact1`);
    const qkv = at(layers.linear(normed, `${block}.attn.qkv`, 3 * channels), `${block}.attn.qact1`);
    const part = (n: number): Value =>
      graph.apply(sliceColumns, { x: qkv }, { start: n * channels, end: (n + 1) * channels });
    const rows = { q: part(0), k: part(1), v: part(2) };
    const stand = (x: Value, site: string): Value => at(x, `${block}.attn.${site}`);
    const context = stand(attention(build, rows, { heads, causal: false, stand }), "qact2");
    const mixed = layers.linear(context, `${block}.attn.proj`, channels);
    y = at(build.add(y, at(mixed, `${block}.attn.qact3`)), `${block}.qact2`);
    const second = at(norm(y, `${block}.norm2`), `${block}.qact3`);
    const hidden = at(
      layers.linear(second, `${block}.mlp.fc1`, wide),
      `${block}.mlp.qact_gelu`,
    );
    const active = at(graph.apply(gelu, { x: hidden }), `${block}.mlp.qact1`);
    const down = at(layers.linear(active, `${block}.mlp.fc2`, channels), `${block}.mlp.qact2`);
    y = at(build.add(y, down), `${block}.qact4`);
  }
  const row = graph.apply(selectRow, { x: norm(y, "norm") }, { row: 0 });
  const token = at(build.reshape(row, [batch, channels]), "qact2");
  return at(layers.linear(token, "head", classes), "logits");
}
