/** Classes of pictures as those of a network that was trained before. */
import { FewbitError } from "../errors.ts";

/**
 * The class of the network that each class of the pictures is.
 *
 * @param own Names of the network's classes, where it has some.
 * @param count How many it has.
 * @param labels Names of the pictures' classes; of IDX files, numbers.
 * @throws {FewbitError} `invalid_argument` for a class that the network does not have.
 */
export function classNumbers(
  own: readonly string[] | undefined,
  count: number,
  labels: readonly string[],
): Int32Array {
  const areNumbers = labels.every((label, i) => label === String(i));
  if (own === undefined || areNumbers) {
    if (labels.length <= count) return Int32Array.from(labels, (_, i) => i);
    throw new FewbitError(
      "invalid_argument",
      `Cannot train for integers: the pictures have ${labels.length} classes, the checkpoint has ${count}`,
    );
  }
  return Int32Array.from(labels, (label) => {
    const at = own.indexOf(label);
    if (at >= 0) return at;
    throw new FewbitError(
      "invalid_argument",
      `Cannot train for integers: the checkpoint has no class "${label}", its classes are ` +
        `${own.slice(0, 10).join(", ")}${own.length > 10 ? ", …" : ""}`,
    );
  });
}
