/** Safetensors files of which only the tensors that are asked for are read. */
import { FewbitError } from "../errors.ts";
import type { LazyTensor } from "../tensor.ts";
import { quote } from "./_quote.ts";
import { headerEnd, readHeader } from "./_safetensors_header.ts";
import { namesByFile } from "./_safetensors_index.ts";
import { tensorFromBytes } from "./_tensor_bytes.ts";

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
export function openSafetensors(path: string): Map<string, LazyTensor> {
  const fileBytes = sizeOf(path);
  const first = readRange(path, 0, Math.min(8, fileBytes));
  const header = readRange(path, 0, headerEnd(first, fileBytes));
  const { entries, dataStart } = readHeader(header, fileBytes);
  return new Map(entries.map(({ name, dtype, shape, begin, end }) => {
    const read: LazyTensor["read"] = () =>
      tensorFromBytes("safetensors", dtype, shape, readRange(path, dataStart + begin, end - begin));
    return [name, { dtype, shape, read }];
  }));
}

/**
 * Opens a checkpoint that is split into several safetensors files, as {@linkcode openSafetensors} does.
 *
 * @param index Text of `model.safetensors.index.json`.
 * @param folder Where the files are.
 * @returns The tensors that the index lists.
 */
export function openShardedSafetensors(index: string, folder: string): Map<string, LazyTensor> {
  const tensors = new Map<string, LazyTensor>();
  for (const [file, names] of namesByFile(index)) {
    const shard = openSafetensors(`${folder}/${file}`);
    for (const name of names) {
      const tensor = shard.get(name);
      if (tensor === undefined) {
        throw new FewbitError(
          "invalid_file",
          `Cannot read safetensors: the index places ${quote(name)} in ${quote(file)}, ` +
            `which does not have it`,
        );
      }
      tensors.set(name, tensor);
    }
  }
  return tensors;
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new FewbitError("not_found", `Cannot read ${path}: no such file`, { cause });
  }
}

function readRange(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  using file = Deno.openSync(path);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) {
      throw new FewbitError("invalid_file", `Cannot read ${path}: it ends at ${offset + at} bytes`);
    }
    at += read;
  }
  return bytes;
}
