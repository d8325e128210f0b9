import type { Value } from "../../graph/graph.ts";
import { NodeBuilder } from "../../graph/node_builder.ts";
import { transpose } from "../../graph/ops/mod.ts";
import { instanceNormalization } from "../layers/group_normalization.ts";
import type { TrainedLayers } from "../../models/trained_layers.ts";

/**
 * The network of PULP-TrainLib's end-to-end test on `[B, 32, 32, 3]`: pairs of a depthwise and a pointwise convolution
 * without padding, each with instance normalisation and ReLU, and one skip of an 11×11; a linear layer over the whole
 * map, whose inputs have channels first, as theirs have.
 */
export function miniResNet(layers: TrainedLayers, x: Value, classes: number): Value {
  const { graph } = layers;
  const build = new NodeBuilder(graph);
  const pair = (x: Value, name: string, kernel: number, outputs: number): Value => {
    const inputs = x.shape[3] as number;
    const depthwise = layers.conv(x, `${name}.dw`, [inputs, kernel, kernel], { group: inputs });
    return layers.conv(depthwise, `${name}.pw`, [outputs, 1, 1]);
  };
  const block = (x: Value, name: string, kernel: number, outputs: number): Value => {
    const scale = layers.vector(`${name}.in.weight`, outputs, 1);
    const bias = layers.vector(`${name}.in.bias`, outputs, 0);
    const y = pair(x, name, kernel, outputs);
    return build.unary(instanceNormalization(build, { x: y, scale, bias }, EPSILON), "relu");
  };
  const body = block(block(x, "b1", 7, 8), "b2", 7, 16);
  const main = block(block(body, "m1", 7, 24), "m2", 5, 32);
  const sum = build.add(main, pair(body, "skip", 11, 32));
  const [batch, ...map] = sum.shape as number[];
  const first = graph.apply(transpose, { x: sum }, { perm: [0, 3, 1, 2] });
  const flat = build.reshape(first, [batch, map.reduce((a, b) => a * b)]);
  return layers.linear(flat, "fc", classes);
}

/** Of their instance normalisation. */
const EPSILON = { epsilon: 1e-10 };
