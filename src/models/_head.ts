/** The classifier of a vision transformer. */
import { FewbitError } from "../errors.ts";
import type { Weights } from "./weights.ts";

/** How many classes a head has: as many as its weights have rows, which a config may confirm. */
export function headClasses(weights: Weights, said: number | undefined): number {
  const head = weights.get("head.weight");
  if (head === undefined) {
    throw new FewbitError(
      "not_found",
      `Cannot build model: the checkpoint has no classifier (no tensor "head.weight" or ` +
        `"classifier.weight"); an image classifier is needed`,
    );
  }
  const [rows = 0] = head.shape;
  if (said === undefined || said === rows) return rows;
  throw new FewbitError(
    "shape_mismatch",
    `Cannot build model: the config has ${said} classes, the classifier is [${head.shape}]`,
  );
}
