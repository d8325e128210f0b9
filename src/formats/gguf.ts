import { checkBytes } from "./_bytes_argument.ts";
import { FewbitError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { MoreBytes } from "./_gguf_cursor.ts";
import { type GgufEntry, type GgufHeader, readGgufHeader } from "./_gguf_header.ts";
import type { GgufValue } from "./_gguf_value.ts";
import { BLOCK_TYPES, decodeBlocks } from "./gguf_blocks/mod.ts";
import { quote } from "./quote.ts";
import { tensorFromBytes } from "./tensor_bytes.ts";
import type { RandomAccess } from "./random_access.ts";
import { decodeI2S } from "./ternary/i2_s.ts";
import type { TernaryTensor } from "./ternary/ternary_tensor.ts";
import { decodeTQ1 } from "./ternary/tq1_0.ts";
import { decodeTQ2 } from "./ternary/tq2_0.ts";

export type { GgufValue };

/** A GGUF file: what it says of itself, and its tensors by name in the order of the file. */
export interface Gguf<T extends GgufTensorInfo = GgufTensor> {
  /** Version of the format, 2 or 3. */
  readonly version: number;
  /** Values by key, such as `general.architecture`. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Tensors, none of them decoded. */
  readonly tensors: ReadonlyMap<string, T>;
}

/** Where a tensor lies and what it is. */
export interface GgufTensorInfo {
  /** Name of its type in ggml, such as `F16` or `TQ2_0`. */
  readonly type: string;
  /** Extents, outermost first (the file has them the other way round). */
  readonly shape: readonly number[];
  /** Where its bytes start in the file. */
  readonly byteOffset: number;
  /** Bytes; up to the next tensor where the type is not known. */
  readonly byteLength: number;
}

/** A tensor of a file in memory. */
export interface GgufTensor extends GgufTensorInfo {
  /** The bytes as the file has them, a view. */
  readonly bytes: Uint8Array;
  /**
   * Decodes F32, F16, BF16, F64, I8, I16, I32 and I64 to a tensor of their type, Q4_0, Q4_1, Q5_0,
   * Q5_1, Q8_0, Q4_K, Q5_K and Q6_K to one of float32, TQ1_0, TQ2_0 and I2_S to a ternary tensor.
   *
   * @throws {FewbitError} `unsupported` for other types.
   */
  decode(): Tensor | TernaryTensor;
}

/** A tensor of a file that is read in parts. */
export interface GgufFileTensor extends GgufTensorInfo {
  /** Reads and decodes it, as {@linkcode GgufTensor.decode} does. */
  decode(): Promise<Tensor | TernaryTensor>;
}

/**
 * Reads a GGUF file of version 2 or 3. Tensors are decoded when they are asked for and view `bytes`
 * where their type and alignment permit.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readGguf } from "@fewbit/fewbit";
 *
 * const { metadata, tensors } = readGguf(await readFile("model.gguf"));
 * console.log(metadata.get("general.architecture"), tensors.get("output_norm.weight")?.decode());
 * ```
 *
 * @param bytes The whole file.
 * @throws {FewbitError} `invalid_file` for a damaged file, `unsupported` for another version or for
 * big-endian files.
 */
export function readGguf(bytes: Uint8Array): Gguf {
  checkBytes("GGUF", bytes);
  return ggufOf(readGgufHeader(bytes, bytes.length), (entry) => {
    const own = bytes.subarray(entry.byteOffset, entry.byteOffset + entry.byteLength);
    return { ...infoOf(entry), bytes: own, decode: () => decode(entry, own) };
  });
}

/**
 * Opens a GGUF file that is read in parts: the header now, each tensor when it is decoded.
 *
 * @example
 * ```ts
 * import { fileAccess, openGguf } from "@fewbit/fewbit";
 *
 * using file = await Deno.open("model.gguf");
 * const { tensors } = await openGguf(fileAccess(file));
 * console.log(await tensors.get("token_embd.weight")?.decode());
 * ```
 *
 * @param source The file: {@linkcode fileAccess} or {@linkcode blobAccess} give one.
 */
export async function openGguf(source: RandomAccess): Promise<Gguf<GgufFileTensor>> {
  return ggufOf(await openHeader(source), (entry) => ({
    ...infoOf(entry),
    decode: async () =>
      decode(entry, await readPart(source, entry.byteOffset, entry.byteOffset + entry.byteLength)),
  }));
}

/** First part of a file that is read: most headers without a vocabulary fit. */
const FIRST_BYTES = 2 ** 16;

/** Largest header of a file that is read in parts; vocabularies in use stay below 32 MiB. */
const MAX_HEADER_BYTES = 2 ** 28;

async function openHeader(source: RandomAccess): Promise<GgufHeader> {
  const reader = headerReader(source.size);
  let step = reader.next();
  while (!step.done) step = reader.next(await readPart(source, 0, step.value));
  return step.value;
}

/** Reads a header: asks for so many first bytes of a file, more and more, until they hold it. */
export function* headerReader(fileBytes: number): Generator<number, GgufHeader, Uint8Array> {
  let length = Math.min(FIRST_BYTES, fileBytes);
  while (true) {
    try {
      return readGgufHeader(yield length, fileBytes);
    } catch (error) {
      if (!(error instanceof MoreBytes)) throw error;
      if (error.atLeast > MAX_HEADER_BYTES) {
        throw new FewbitError(
          "limit_exceeded",
          `Cannot read GGUF: the header has ${error.atLeast} bytes or more, ` +
            `the limit is ${MAX_HEADER_BYTES}`,
        );
      }
      // By a factor, so that all the attempts read little more than the last one.
      length = Math.min(Math.max(4 * length, error.atLeast), fileBytes);
    }
  }
}

async function readPart(source: RandomAccess, begin: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(begin, end);
  if (bytes.length === end - begin) return bytes;
  throw new FewbitError(
    "invalid_file",
    `Cannot read GGUF: ${bytes.length} bytes at ${begin}, expected ${end - begin} within the size`,
  );
}

function ggufOf<T extends GgufTensorInfo>(
  { version, metadata, entries }: GgufHeader,
  tensorOf: (entry: GgufEntry) => T,
): Gguf<T> {
  return {
    version,
    metadata,
    tensors: new Map(entries.map((entry) => [entry.name, tensorOf(entry)])),
  };
}

function infoOf({ type, shape, byteOffset, byteLength }: GgufEntry): GgufTensorInfo {
  return { type: type.name, shape, byteOffset, byteLength };
}

function decode({ name, type, shape }: GgufEntry, bytes: Uint8Array): Tensor | TernaryTensor {
  if (type.dtype !== undefined) return tensorFromBytes("GGUF", type.dtype, shape, bytes);
  switch (type.name) {
    case "TQ1_0":
      return decodeTQ1(bytes, shape);
    case "TQ2_0":
      return decodeTQ2(bytes, shape);
    case "I2_S":
      return decodeI2S(bytes, shape);
  }
  if (BLOCK_TYPES.has(type.name)) return decodeBlocks(type.name, bytes, shape);
  throw new FewbitError(
    "unsupported",
    `Cannot decode GGUF tensor ${
      quote(name)
    }: its type is ${type.name}, expected F32, F16, BF16, ` +
      `F64, I8, I16, I32, I64, ${[...BLOCK_TYPES.keys()].join(", ")}, TQ1_0, TQ2_0 or I2_S`,
  );
}
