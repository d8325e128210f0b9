/** Networks for small pictures, by name. */
import { FewbitError } from "../errors.ts";
import type { Value } from "../graph/graph.ts";
import { dsCnn } from "../models/ds_cnn.ts";
import { resNet8 } from "../models/resnet8.ts";
import type { TrainedLayers } from "../models/trained_layers.ts";

/** Names of the networks. */
export const TINY_NETWORKS = ["ds-cnn", "resnet8"] as const;

/** Name of a network. */
export type TinyNetwork = (typeof TINY_NETWORKS)[number];

/**
 * Logits of pictures `[B, H, W, C]`.
 *
 * @throws {FewbitError} `shape_mismatch` for pictures that the network does not take.
 */
export function tinyNetwork(
  layers: TrainedLayers,
  network: TinyNetwork,
  x: Value,
  classes: number,
): Value {
  const [, height, width, channels] = x.shape as number[];
  if (network === "ds-cnn" && channels !== 1) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot train: a DS-CNN takes 1 channel, got ${channels}`,
    );
  }
  if (network === "resnet8" && (height % 4 !== 0 || width % 4 !== 0)) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot train: a ResNet8 halves pictures twice, got ${height}×${width}`,
    );
  }
  return network === "resnet8" ? resNet8(layers, x, classes) : dsCnn(layers, x, { classes });
}
