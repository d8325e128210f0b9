/** Networks for small pictures, by name. */
import { FewbitError } from "../errors.ts";
import type { Value } from "../graph/graph.ts";
import { dsCnn } from "../models/ds_cnn.ts";
import { resNet8 } from "../models/resnet8.ts";
import type { TrainedLayers } from "../models/trained_layers.ts";
import { mobileNetV1 } from "./networks/mobilenet_v1.ts";
import { tinyVit } from "./networks/tiny_vit.ts";
import type { TinyVitSettings } from "./networks/tiny_vit.ts";

/** Names of the networks. */
export const TINY_NETWORKS = ["ds-cnn", "resnet8", "mobilenet-v1", "vit"] as const;

/** Name of a network. */
export type TinyNetwork = (typeof TINY_NETWORKS)[number];

/** What all channels of the MobileNet are multiplied by. */
const MOBILENET_WIDTH = 0.25;
/** Sizes of the vision transformer, whatever the pictures. */
const VIT = { channels: 64, heads: 4, depth: 4 } as const;
/** Sides of its patches in small pictures, and in those of more pixels a side than that. */
const PATCHES = { small: 4, most: 64, large: 16 } as const;
/** How far from 0 its class token and positions are at first: as timm, with a deviation of 0.02. */
const SPREAD = 0.02 * Math.sqrt(3);

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
  switch (network) {
    case "ds-cnn":
      expectFit(channels === 1, `a DS-CNN takes 1 channel, got ${channels}`);
      expectFit(Math.min(height, width) > 1, `a DS-CNN halves pictures, got ${height}×${width}`);
      return dsCnn(layers, x, { classes });
    case "resnet8":
      expectSides(height, width, 4, "a ResNet8 halves pictures twice");
      return resNet8(layers, x, classes);
    case "mobilenet-v1":
      return mobileNetV1(layers, x, { classes, width: MOBILENET_WIDTH });
    case "vit":
      return tinyVit(layers, x, { ...vitSizes(height, width), classes, spread: SPREAD });
  }
}

/**
 * Sizes of the vision transformer for pictures.
 *
 * @throws {FewbitError} `shape_mismatch` where they are no whole patches.
 */
export function vitSizes(
  height: number,
  width: number,
): Required<Pick<TinyVitSettings, "patch" | "channels" | "heads" | "depth">> {
  const patch = Math.max(height, width) <= PATCHES.most ? PATCHES.small : PATCHES.large;
  expectSides(height, width, patch, `a ViT takes whole patches of ${patch} pixels`);
  return { ...VIT, patch };
}

function expectSides(height: number, width: number, divisor: number, what: string): void {
  expectFit(height % divisor === 0 && width % divisor === 0, `${what}, got ${height}×${width}`);
}

function expectFit(fits: boolean, what: string): void {
  if (!fits) throw new FewbitError("shape_mismatch", `Cannot train: ${what}`);
}
