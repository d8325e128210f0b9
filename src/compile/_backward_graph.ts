/** The float network that carries gradients backward: what its layers read are the codes of the integer one. */
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { NodeBuilder } from "../graph/node_builder.ts";
import { dequantizeLinear, straightThrough } from "../graph/ops/mod.ts";
import { visionConfig } from "../models/read_vision_config.ts";
import { TrainedLayers } from "../models/trained_layers.ts";
import type { DeiTConfig } from "../models/vision_config.ts";
import type { Tensor } from "../tensor.ts";
import { crossEntropy } from "../training/losses/cross_entropy.ts";
import { tinyVit } from "../training/networks/tiny_vit.ts";

/** Before the names of inputs: codes of a site, their scale, and what the codes of a parameter stand for. */
export const SITE = "site.", SCALE = "scale.", CODES = "codes.";

/** What a backward graph is made of. */
interface Backward {
  readonly sizes: DeiTConfig;
  /** Tensors by timm's names. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Pictures of a step. */
  readonly batch: number;
  /** Codes of the sites of the integer network, by name. Without them: the float network as it is. */
  readonly taps?: ReadonlyMap<string, Value>;
}

/**
 * The sizes of a plain ViT: a class token, LayerNorm before its parts, GELU, biases everywhere.
 *
 * @throws {FewbitError} `unsupported` for another network, with what is not plain.
 */
export function plainVit(config: Readonly<Record<string, unknown>>): DeiTConfig {
  const sizes = visionConfig(config);
  const refuse = (why: string): never => {
    throw new FewbitError(
      "unsupported",
      `Cannot train for integers: the network is no plain ViT, ${why}`,
    );
  };
  if (sizes.family !== "deit") return refuse("but a Swin");
  if (sizes.pooling !== "token" || sizes.lastNorm !== "norm") {
    refuse("its classes do not come from one token");
  }
  if (sizes.prefix.length !== 1 || sizes.prefix[0][1] !== 1) {
    refuse("it has other tokens than one for the class");
  }
  if (sizes.positions !== "all") refuse("its class token has no position");
  if (sizes.preNorm) refuse("it has a norm before its blocks");
  if (sizes.layerScale) refuse("it has layer scales");
  if (sizes.activation !== "gelu") refuse(`its activation is ${sizes.activation}`);
  if (!sizes.qkvBias || !sizes.projectionBias) refuse("it has layers without biases");
  if (sizes.heads * sizes.headWidth !== sizes.width) refuse("its heads are not as wide as it is");
  return sizes;
}

/**
 * The graph with its loss.
 *
 * @throws {FewbitError} `not_found` or `shape_mismatch` for weights that do not fit.
 */
export function backwardGraph({ sizes, weights, batch, taps }: Backward): {
  readonly graph: Graph;
  readonly loss: Value;
} {
  const { imageSize: [height, width], channels, patchSize, depth, heads, hidden, epsilon } = sizes;
  const classes = sizes.classes ?? weights.get("head.weight")!.shape[0];
  const graph = new Graph();
  const through = (value: Value, x: Value): Value => graph.apply(straightThrough, { value, x });
  const site = (x: Value, name: string): Value => {
    if (taps === undefined) return x;
    const codes = taps.get(name);
    if (codes === undefined) return through(graph.input(`${SITE}${name}`, "f32", x.shape), x);
    const scale = graph.input(`${SCALE}${name}`, "f32", [1]);
    const read = graph.input(`${SITE}${name}`, codes.dtype, x.shape);
    return through(graph.apply(dequantizeLinear, { x: read, scale }), x);
  };
  const layers = new TrainedLayers(
    graph,
    ({ name, shape }) => {
      const tensor = weights.get(name);
      const count = shape.reduce((a, b) => a * b, 1);
      if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== count) {
        throw new FewbitError(
          "shape_mismatch",
          `Cannot train: the checkpoint has no float32 ${name} of [${shape}]`,
        );
      }
      return tensor.data;
    },
    undefined,
    (parameter) =>
      taps !== undefined && /(proj|qkv|fc\d|head)\.(weight|bias)$/.test(parameter.name)
        ? through(graph.input(`${CODES}${parameter.name}`, "f32", parameter.shape), parameter)
        : parameter,
  );
  const image = graph.input("image", "f32", [batch, height, width, channels]);
  const labels = graph.input("labels", "i32", [batch], { check: "below", limit: classes });
  const logits = tinyVit(layers, image, {
    ...{ classes, patch: patchSize, channels: sizes.width, heads, depth, hidden, epsilon },
    stand: site,
  });
  return { graph, loss: crossEntropy(new NodeBuilder(graph), logits, labels) };
}
