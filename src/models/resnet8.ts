import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { meanRows } from "../graph/ops/mod.ts";
import type { TrainedLayers } from "./trained_layers.ts";

/** Channels of the three stages. */
const STAGES = [16, 32, 64];

/**
 * MLPerf Tiny's ResNet8 on `[B, H, W, C]`, H and W multiples of 4: 3×3 convolutions with BatchNorm in three stages of 16,
 * 32 and 64 channels; the second and third halve the picture, padded below and on the right as TensorFlow does, and have
 * a 1×1 convolution with a bias beside them; the mean of the map; a linear layer.
 */
export function resNet8(layers: TrainedLayers, x: Value, classes: number): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const relu = (y: Value): Value => build.unary(y, "relu");
  const normalized = (y: Value, conv: string, norm: string, channels: number, stride: number) =>
    layers.batchNorm(
      layers.conv(y, conv, [channels, 3, 3], {
        strides: [stride, stride],
        pads: stride === 1 ? [1, 1, 1, 1] : [0, 0, 1, 1],
      }),
      norm,
    );
  let y = relu(normalized(x, "conv0", "bn0", STAGES[0], 1));
  for (const [i, channels] of STAGES.entries()) {
    const [name, stride] = [`s${i + 1}`, i === 0 ? 1 : 2];
    const first = relu(normalized(y, `${name}.a`, `${name}.bn_a`, channels, stride));
    const second = normalized(first, `${name}.b`, `${name}.bn_b`, channels, 1);
    const skip = i === 0 ? y : layers.conv(y, `${name}.skip`, [channels, 1, 1], {
      strides: [2, 2],
      gain: 3,
      bias: true,
    });
    y = relu(build.add(skip, second));
  }
  const [batch, height, width, channels] = y.shape as number[];
  const rows = build.reshape(y, [batch, height * width, channels]);
  return layers.linear(graph.apply(meanRows, { x: rows }), "fc", classes);
}
