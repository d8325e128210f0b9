/** Tensors of safetensors files from the entries of their headers. */
import { FewbitError } from "../errors.ts";
import type { DType } from "../tensor.ts";
import { quote } from "./quote.ts";
import type { SafetensorsEntry } from "./_safetensors_header.ts";
import { TensorMap } from "./tensor_map.ts";

/** Makes a tensor of each entry; those of types that are not read are listed. */
export function mapEntries<T>(
  entries: readonly SafetensorsEntry[],
  make: (dtype: DType, entry: SafetensorsEntry) => T,
): TensorMap<T> {
  const tensors = new TensorMap<T>();
  for (const entry of entries) {
    const { name, dtype, dtypeName } = entry;
    if (dtype !== undefined) tensors.set(name, make(dtype, entry));
    else tensors.skipped.set(name, `a tensor of ${quote(dtypeName)}`);
  }
  return tensors;
}

/** Takes the tensors that an index places in a file. */
export function takeNamed<T>(
  tensors: TensorMap<T>,
  shard: TensorMap<T>,
  names: readonly string[],
  file: string,
): void {
  for (const name of names) {
    const [tensor, kind] = [shard.get(name), shard.skipped.get(name)];
    if (tensor !== undefined) tensors.set(name, tensor);
    else if (kind !== undefined) tensors.skipped.set(name, kind);
    else {
      throw new FewbitError(
        "invalid_file",
        `Cannot read safetensors: the index places ${quote(name)} in ${quote(file)}, ` +
          `which does not have it`,
      );
    }
  }
}
