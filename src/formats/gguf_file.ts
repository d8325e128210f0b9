/** GGUF files of which only the tensors that are asked for are read, as float tensors. */
import { FewbitError } from "../errors.ts";
import { openFileSync } from "../files/read_file.ts";
import type { Tensor } from "../tensor.ts";
import { readRange } from "./_file_range.ts";
import type { GgufEntry } from "./_gguf_header.ts";
import { BLOCK_TYPES, decodeBlocks } from "./gguf_blocks/mod.ts";
import { headerReader } from "./gguf.ts";
import type { Gguf, GgufTensorInfo } from "./gguf.ts";
import { quote } from "./quote.ts";
import { tensorFromBytes } from "./tensor_bytes.ts";
import { decodeI2S } from "./ternary/i2_s.ts";
import type { LazyWeight, TernaryTensor } from "./ternary/ternary_tensor.ts";
import { decodeTQ1 } from "./ternary/tq1_0.ts";
import { decodeTQ2 } from "./ternary/tq2_0.ts";

/** A tensor that is read each time it is asked for; quantised ones become float32, or trits. */
export interface GgufLazyTensor extends GgufTensorInfo, LazyWeight {
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

/** The types that hold trits. */
const TERNARY_TYPES: ReadonlyMap<
  string,
  (bytes: Uint8Array, shape: readonly number[]) => TernaryTensor
> = new Map([["TQ1_0", decodeTQ1], ["TQ2_0", decodeTQ2], ["I2_S", decodeI2S]]);

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
  const decode = TERNARY_TYPES.get(type.name);
  const readTernary = decode && ((): TernaryTensor => decode(bytes(), shape));
  return { ...info, dtype: "f32", read, ...readTernary && { readTernary } };
}
