/** The tensors of a BitNet b1.58 whose layers Hugging Face has packed, as trits. */
import { FewbitError } from "../errors.ts";
import { decodeHuggingFace } from "../formats/ternary/hugging_face.ts";
import type { HuggingFaceScale } from "../formats/ternary/hugging_face.ts";
import type { LazyWeight } from "../formats/ternary/ternary_tensor.ts";
import { skippedOf } from "./checkpoint_weights.ts";
import type { LazyWeights } from "./language_weights.ts";

/**
 * Joins each packed weight `NAME.weight` (uint8 `[R/4, K]`) and its `NAME.weight_scale` to one tensor
 * `[R, K]` that is read as trits. What is not packed stays as it is.
 *
 * @param scale What a layer does with `weight_scale`.
 * @throws {FewbitError} `not_found` where a packed weight has no scale.
 */
export function joinPackedWeights(weights: LazyWeights, scale: HuggingFaceScale): LazyWeights {
  const joined = new Map<string, LazyWeight>(weights);
  for (const [name, tensor] of weights) {
    if (tensor.dtype !== "u8" || !name.endsWith(".weight") || tensor.shape.length !== 2) continue;
    const scaleName = `${name}_scale`;
    const weightScale = weights.get(scaleName);
    if (weightScale === undefined) {
      throw new FewbitError(
        "not_found",
        `Cannot build model: the packed tensor "${name}" has no "${scaleName}" beside it`,
      );
    }
    joined.delete(scaleName);
    joined.set(name, {
      dtype: "u8",
      shape: [4 * tensor.shape[0], tensor.shape[1]],
      read: tensor.read,
      readTernary: () => decodeHuggingFace(tensor.read(), weightScale.read(), { scale }),
    });
  }
  return Object.assign(joined, { skipped: skippedOf(weights) });
}
