import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { dropout, meanRows, sliceColumns } from "../graph/ops/mod.ts";
import type { TrainedLayers } from "./trained_layers.ts";

const CHANNELS = 64;
const BLOCKS = 4;
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
  const [, height, width] = x.shape as number[];
  const dropped = (y: Value, i: number): Value =>
    drops ? layers.graph.apply(dropout, { x: y }, { ratio: DROPPED[i], stream: i }) : y;
  const y = dsCnnBlocks(layers, dropped(dsCnnStem(layers, x), 0), 1, BLOCKS);
  return dsCnnHead(layers, dropped(y, 1), { height, width, classes });
}

/** The first layer of a DS-CNN, on pictures. */
export function dsCnnStem(layers: TrainedLayers, x: Value): Value {
  const [, height, width] = x.shape as number[];
  const [[top, bottom], [left, right]] = [same(height, 10, 2), same(width, 4, 2)];
  const y = layers.conv(x, "conv0", [CHANNELS, 10, 4], {
    strides: [2, 2],
    pads: [top, left, bottom, right],
  });
  return normalized(layers, y, "bn0");
}

/** Blocks `first` to `last` of a DS-CNN, of 1 to 4, on the map behind the one before. */
export function dsCnnBlocks(
  layers: TrainedLayers,
  x: Value,
  first: number,
  last: number,
): Value {
  let y = x;
  for (let i = first; i <= last; i++) {
    const depthwise = layers.conv(y, `dw${i}`, [CHANNELS, 3, 3], {
      pads: [1, 1, 1, 1],
      group: CHANNELS,
    });
    const mixed = normalized(layers, depthwise, `dw${i}.bn`);
    y = normalized(layers, layers.conv(mixed, `pw${i}`, [CHANNELS, 1, 1]), `pw${i}.bn`);
  }
  return y;
}

/** The mean and the last layer of a DS-CNN, of whose pictures the sides are given. */
export function dsCnnHead(
  layers: TrainedLayers,
  x: Value,
  { height, width, classes, bias = true }: {
    readonly height: number;
    readonly width: number;
    readonly classes: number;
    readonly bias?: boolean;
  },
): Value {
  const build = new NodeBuilder(layers.graph);
  const mean = meanOf(build, x, Math.floor(height / 2), Math.floor(width / 2));
  return layers.linear(mean, "fc", classes, bias);
}

function normalized(layers: TrainedLayers, x: Value, name: string): Value {
  return new NodeBuilder(layers.graph).unary(layers.batchNorm(x, name), "relu");
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
