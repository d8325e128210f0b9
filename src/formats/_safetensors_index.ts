/** The index of a checkpoint that is split into several safetensors files. */
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { quote } from "./quote.ts";

/**
 * The tensors of each file.
 *
 * @param index Text of `model.safetensors.index.json`.
 * @throws {FewbitError} `invalid_file` where it is not an index, or names a file outside its folder.
 */
export function namesByFile(index: string): Map<string, string[]> {
  const parsed = parseJson("Cannot read safetensors index", index);
  const map = (parsed as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new FewbitError(
      "invalid_file",
      "Cannot read safetensors index: weight_map is not an object",
    );
  }
  const files = new Map<string, string[]>();
  for (const [name, file] of Object.entries(map)) {
    // A path could leave the folder of the index.
    if (typeof file !== "string" || !/^[^/\\:\0]+$/.test(file) || /^\.+$/.test(file)) {
      throw new FewbitError(
        "invalid_file",
        `Cannot read safetensors index: the file of ${quote(name)} is not a plain file name`,
      );
    }
    const names = files.get(file);
    if (names === undefined) files.set(file, [name]);
    else names.push(name);
  }
  return files;
}
