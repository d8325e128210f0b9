import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { meanRows } from "../../graph/ops/mod.ts";
import type { TrainedLayers } from "../../models/trained_layers.ts";

/** Channels of the first layer, and of each pair with its stride, at width 1. */
const FIRST = 32;
const PAIRS: readonly (readonly [channels: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
];

/** What is special of a MobileNet-V1. */
export interface MobileNetV1Settings {
  /** Outputs of the last layer. */
  readonly classes: number;
  /** What all numbers of channels are multiplied by. Default 1. */
  readonly width?: number;
}

/**
 * MobileNet-V1 on `[B, H, W, C]` (Howard et al. 2017): a 3×3 convolution with stride 2, then thirteen pairs of a
 * depthwise 3×3 and a pointwise convolution, each with BatchNorm and ReLU; the mean of the map; a linear layer without a
 * bias.
 */
export function mobileNetV1(
  layers: TrainedLayers,
  x: Value,
  { classes, width = 1 }: MobileNetV1Settings,
): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const normalized = (y: Value, name: string): Value =>
    build.unary(layers.batchNorm(y, name), "relu");
  const pads = [1, 1, 1, 1];
  const first = layers.conv(x, "conv0", [FIRST * width, 3, 3], { strides: [2, 2], pads });
  let y = normalized(first, "bn0");
  PAIRS.forEach(([channels, stride], i) => {
    const group = y.shape[3] as number;
    const strides = [stride, stride];
    const dw = layers.conv(y, `dw${i + 1}`, [group, 3, 3], { strides, pads, group });
    const outputs = channels * width;
    const pw = layers.conv(normalized(dw, `dw${i + 1}.bn`), `pw${i + 1}`, [outputs, 1, 1]);
    y = normalized(pw, `pw${i + 1}.bn`);
  });
  const [batch, height, columns, channels] = y.shape as number[];
  const rows = build.reshape(y, [batch, height * columns, channels]);
  return layers.linear(graph.apply(meanRows, { x: rows }), "fc", classes, false);
}
