/** What stands before the names of a checkpoint's tensors. */
import { FewbitError } from "../errors.ts";

/** Modules around a model, whose names say nothing. */
const WRAPPERS = /^((_orig_mod|module|model|backbone|base_model|student)\.)+/;

/**
 * Names without what stands before those of the network, by the names in the file. The network is found by
 * a tensor that it has once; names outside of it (heads) lose what wraps the whole.
 *
 * @param landmark Matches the end of that tensor's name.
 * @param name What it is called in messages.
 * @throws {FewbitError} `not_found` without such a tensor, `unsupported` where two networks have one.
 */
export function stripPrefixes(
  names: readonly string[],
  landmark: RegExp,
  name: string,
): Map<string, string> {
  const found = names.flatMap((each) => {
    const match = landmark.exec(each);
    return match === null ? [] : [each.slice(0, match.index + match[1].length)];
  });
  const [prefix] = found;
  if (prefix === undefined) {
    throw new FewbitError(
      "not_found",
      `Cannot build model: the checkpoint has no tensor "${name}"`,
    );
  }
  if (found.length > 1) {
    throw new FewbitError(
      "unsupported",
      `Cannot build model: the checkpoint holds several networks: ` +
        found.map((each) => `"${each}…"`).join(", "),
    );
  }
  return new Map(
    names.map((each) => [
      each,
      each.startsWith(prefix) ? each.slice(prefix.length) : each.replace(WRAPPERS, ""),
    ]),
  );
}
