/** Safetensors files of which only the tensors that are asked for are read. */
import type { LazyTensor } from "../tensor.ts";
import { openFileSync } from "../files/read_file.ts";
import { readRange } from "./_file_range.ts";
import { mapEntries, takeNamed } from "./_safetensors_entries.ts";
import { headerEnd, readHeader } from "./_safetensors_header.ts";
import { namesByFile } from "./_safetensors_index.ts";
import { tensorFromBytes } from "./tensor_bytes.ts";
import { TensorMap } from "./tensor_map.ts";

/** First bytes that are read: the length of the header, and what says which file it is otherwise. */
const FIRST_BYTES = 512;

/**
 * Opens a safetensors file: its header is read and checked, each tensor is read from the file when it
 * is asked for. A file larger than memory can be converted so.
 *
 * @example
 * ```ts
 * import { openSafetensors } from "@fewbit/fewbit";
 *
 * const tensors = openSafetensors("model.safetensors");
 * console.log(tensors.get("lm_head.weight")?.read().data.length);
 * ```
 *
 * @param path The file.
 * @returns The tensors by name, in the order of their bytes.
 * @throws {FewbitError} `not_found`, or `invalid_file` where the header is damaged; reading a tensor
 * gives `invalid_file` where the file has become shorter.
 */
export function openSafetensors(path: string): TensorMap<LazyTensor> {
  const opened = openFileSync(path);
  opened.file.close();
  const fileBytes = opened.size;
  const first = readRange(path, 0, Math.min(FIRST_BYTES, fileBytes));
  const header = readRange(path, 0, headerEnd(first, fileBytes));
  const { entries, dataStart } = readHeader(header, fileBytes);
  return mapEntries(entries, (dtype, { shape, begin, end }) => ({
    dtype,
    shape,
    read: () =>
      tensorFromBytes("safetensors", dtype, shape, readRange(path, dataStart + begin, end - begin)),
  }));
}

/**
 * Opens a checkpoint that is split into several safetensors files, as {@linkcode openSafetensors} does.
 *
 * @param index Text of `model.safetensors.index.json`.
 * @param folder Where the files are.
 * @returns The tensors that the index lists.
 */
export function openShardedSafetensors(index: string, folder: string): TensorMap<LazyTensor> {
  const tensors = new TensorMap<LazyTensor>();
  for (const [file, names] of namesByFile(index)) {
    takeNamed(tensors, openSafetensors(`${folder}/${file}`), names, file);
  }
  return tensors;
}
