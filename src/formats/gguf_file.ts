/** GGUF files of which only the tensors that are asked for are read, as float tensors. */
import { FewbitError } from "../errors.ts";
import { openFileSync } from "../files/read_file.ts";
import type { LazyTensor, Tensor } from "../tensor.ts";
import { readRange } from "./_file_range.ts";
import type { GgufEntry } from "./_gguf_header.ts";
import { BLOCK_TYPES, decodeBlocks } from "./gguf_blocks/mod.ts";
import { headerReader } from "./gguf.ts";
import type { Gguf, GgufTensorInfo } from "./gguf.ts";
import { quote } from "./quote.ts";
import { tensorFromBytes } from "./tensor_bytes.ts";

/** A tensor that is read each time it is asked for; quantised ones become float32. */
export interface GgufLazyTensor extends GgufTensorInfo, LazyTensor {
  readonly shape: readonly number[];
}

/**
 * Opens a GGUF file: its header is read and checked, each tensor is read from the file when it is asked
 * for. A file larger than memory can be converted so.
 *
 * @throws {FewbitError} `not_found`, `invalid_file` where the header is damaged, `unsupported` for
 * another version; reading a tensor gives `unsupported` for a type that does not become floats.
 */
export function openGgufFile(path: string): Gguf<GgufLazyTensor> {
  const opened = openFileSync(path);
  opened.file.close();
  const reader = headerReader(opened.size);
  let step = reader.next();
  while (!step.done) step = reader.next(readRange(path, 0, step.value));
  const { version, metadata, entries } = step.value;
  return {
    version,
    metadata,
    tensors: new Map(entries.map((entry) => [entry.name, lazy(path, entry)])),
  };
}

function lazy(
  path: string,
  { name, type, shape, byteOffset, byteLength }: GgufEntry,
): GgufLazyTensor {
  const info = { type: type.name, shape, byteOffset, byteLength };
  const bytes = (): Uint8Array => readRange(path, byteOffset, byteLength);
  const { dtype } = type;
  if (dtype !== undefined) {
    return { ...info, dtype, read: () => tensorFromBytes("GGUF", dtype, shape, bytes()) };
  }
  const read = (): Tensor => {
    if (BLOCK_TYPES.has(type.name)) return decodeBlocks(type.name, bytes(), shape);
    throw new FewbitError(
      "unsupported",
      `Cannot decode GGUF tensor ${quote(name)}: its type is ${type.name}, expected F32, F16, ` +
        `BF16, ${[...BLOCK_TYPES.keys()].join(", ")}`,
    );
  };
  return { ...info, dtype: "f32", read };
}
