import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { dropout, meanRows, sliceColumns } from "../graph/ops/mod.ts";
import type { TrainedLayers } from "./trained_layers.ts";

const CHANNELS = 64;
const BLOCKS = [1, 2, 3, 4];
/** MLPerf Tiny's shares of what is dropped, behind the first layer and before the mean. */
const DROPPED = [0.2, 0.4];

/** What is special of a DS-CNN. */
export interface DsCnnSettings {
  /** Outputs of the last layer. */
  readonly classes: number;
  /** Whether outputs are dropped where MLPerf Tiny does. Default: no. */
  readonly dropout?: boolean;
}

/**
 * MLPerf Tiny's DS-CNN on `[B, H, W, 1]`: 10×4 with stride 2 and TensorFlow's "same", then four pairs of a depthwise 3×3
 * and a pointwise convolution of 64 channels, each with BatchNorm and ReLU; the mean of the map (of its first ⌊H/2⌋ rows
 * and ⌊W/2⌋ columns, as "valid" pooling has it); a linear layer.
 */
export function dsCnn(
  layers: TrainedLayers,
  x: Value,
  { classes, dropout: drops = false }: DsCnnSettings,
): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const [, height, width] = x.shape as number[];
  const normalized = (y: Value, name: string): Value =>
    build.unary(layers.batchNorm(y, name), "relu");
  const dropped = (y: Value, i: number): Value =>
    drops ? graph.apply(dropout, { x: y }, { ratio: DROPPED[i], stream: i }) : y;
  const [[top, bottom], [left, right]] = [same(height, 10, 2), same(width, 4, 2)];
  const first = layers.conv(x, "conv0", [CHANNELS, 10, 4], {
    strides: [2, 2],
    pads: [top, left, bottom, right],
  });
  let y = dropped(normalized(first, "bn0"), 0);
  for (const i of BLOCKS) {
    const depthwise = layers.conv(y, `dw${i}`, [CHANNELS, 3, 3], {
      pads: [1, 1, 1, 1],
      group: CHANNELS,
    });
    const pointwise = layers.conv(normalized(depthwise, `dw${i}.bn`), `pw${i}`, [CHANNELS, 1, 1]);
    y = normalized(pointwise, `pw${i}.bn`);
  }
  y = dropped(y, 1);
  return layers.linear(
    meanOf(build, y, Math.floor(height / 2), Math.floor(width / 2)),
    "fc",
    classes,
  );
}

/** TensorFlow's "same": what is odd goes to the end. */
function same(extent: number, kernel: number, stride: number): [before: number, after: number] {
  const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + kernel - extent);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** The mean of the first rows and columns of a map. */
function meanOf(build: NodeBuilder, x: Value, rows: number, columns: number): Value {
  const [batch, height, width, channels] = x.shape as number[];
  const cut = (y: Value, wanted: number, line: number): Value => {
    const end = wanted * line;
    return y.shape[1] === end ? y : build.graph.apply(sliceColumns, { x: y }, { start: 0, end });
  };
  const high = cut(build.reshape(x, [batch, height * width * channels]), rows, width * channels);
  const lines = build.reshape(high, [batch * rows, width * channels]);
  const kept = cut(lines, columns, channels);
  return build.graph.apply(meanRows, { x: build.reshape(kept, [batch, rows * columns, channels]) });
}
