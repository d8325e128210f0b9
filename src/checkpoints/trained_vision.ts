/** A vision transformer that was trained here as the folder that timm would write of it. */
import { FewbitError } from "../errors.ts";
import type { FloatOpName } from "../graph/op_names.ts";
import { noIntegers } from "../quantize/rules/rule.ts";
import { REWRITE_RULES } from "../quantize/rules/mod.ts";
import { vitSizes } from "../training/tiny_network.ts";
import { trainedNetwork } from "../training/trained_pictures.ts";
import type { CheckpointFolder } from "./checkpoint_folder.ts";

/** A folder whose pictures are read as those that it was trained with. */
export type TrainedVision = CheckpointFolder & Required<Pick<CheckpointFolder, "preprocessing">> & {
  /** Names of the classes. */
  readonly labels: readonly string[];
};

/**
 * Reads a checkpoint of `fewbit train` or `finetune` as what is quantised.
 *
 * @throws {FewbitError} `invalid_file` where it is damaged; `unsupported` for a network with an op that has no integers,
 * which the message names.
 */
export function trainedVision(bytes: Uint8Array): TrainedVision {
  const { facts: { network, labels, preprocessing }, weights, graph } = trainedNetwork(bytes);
  if (network !== "vit") {
    // The layout that pictures come in is no part of the network.
    const op = graph.nodes.map(({ op }) => op as FloatOpName)
      .find((op) => op !== "Transpose" && (REWRITE_RULES[op] as unknown) === noIntegers);
    throw new FewbitError(
      "unsupported",
      `Cannot quantise a ${network}: its op ${op} has no integers; a vit has them`,
    );
  }
  const [channels, height, width] = preprocessing.inputSize;
  const sizes = vitSizes(height, width);
  const config = {
    // Of which all sizes are given.
    architecture: "vit_tiny_patch16_224",
    num_classes: labels.length,
    label_names: labels,
    model_args: {
      img_size: [height, width],
      in_chans: channels,
      patch_size: sizes.patch,
      embed_dim: sizes.channels,
      depth: sizes.depth,
      num_heads: sizes.heads,
    },
  };
  return { config, weights, preprocessing, labels };
}
