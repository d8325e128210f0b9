import { checkBytes } from "./_bytes_argument.ts";
import { FewbitError } from "../errors.ts";
import { bytesOf, DTYPE_BYTES, elementCount, type Tensor } from "../tensor.ts";
import { quote } from "./quote.ts";
import { mapEntries, takeNamed } from "./_safetensors_entries.ts";
import { namesByFile } from "./_safetensors_index.ts";
import { METADATA_KEY, readHeader, SAFETENSORS_DTYPES } from "./_safetensors_header.ts";
import { tensorFromBytes } from "./tensor_bytes.ts";
import { TensorMap } from "./tensor_map.ts";

/**
 * Reads the tensors of a safetensors file. The tensors view `bytes` where their alignment permits.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readSafetensors } from "@fewbit/fewbit";
 *
 * const tensors = readSafetensors(await readFile("model.safetensors"));
 * console.log(tensors.get("head.weight")?.shape);
 * ```
 *
 * @param bytes The whole file.
 * @returns The tensors by name, in the order of their bytes. Those of types that are not read are
 * skipped and listed.
 */
export function readSafetensors(bytes: Uint8Array): TensorMap {
  checkBytes("safetensors", bytes);
  const { entries, dataStart } = readHeader(bytes);
  return mapEntries(entries, (dtype, { shape, begin, end }) => {
    const data = bytes.subarray(dataStart + begin, dataStart + end);
    return tensorFromBytes("safetensors", dtype, shape, data);
  });
}

/**
 * Writes tensors as a safetensors file, laid out as the reference implementation does: by falling
 * element size, then by name.
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "@fewbit/fewbit";
 *
 * const weight = { dtype: "f32", shape: [2], data: new Float32Array([1, 2]) } as const;
 * const bytes = writeSafetensors(new Map([["weight", weight]]), { format: "pt" });
 * console.log(readSafetensors(bytes).get("weight")?.data);
 * ```
 *
 * @param metadata Free-form strings for the `__metadata__` of the header.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(compareEntries);
  const header: [string, unknown][] = metadata === undefined ? [] : [[METADATA_KEY, metadata]];
  let dataBytes = 0;
  for (const [name, tensor] of sorted) {
    checkTensor(name, tensor);
    const begin = dataBytes;
    dataBytes += tensor.data.byteLength;
    header.push([name, {
      dtype: DTYPE_NAMES.get(tensor.dtype),
      shape: tensor.shape,
      data_offsets: [begin, dataBytes],
    }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = 8 + Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(dataStart + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  file.fill(0x20, 8, dataStart).set(json, 8);
  let at = dataStart;
  for (const [, { data }] of sorted) {
    file.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a checkpoint that is split into several safetensors files.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readShardedSafetensors } from "@fewbit/fewbit";
 *
 * const index = await readFile("model.safetensors.index.json", "utf8");
 * const tensors = await readShardedSafetensors(index, (file) => readFile(file));
 * console.log(tensors.size);
 * ```
 *
 * @param index Text of `model.safetensors.index.json`.
 * @param load Gives the bytes of a file beside the index; called once for each file, in turn.
 * @returns The tensors that the index lists.
 */
export async function readShardedSafetensors(
  index: string,
  load: (file: string) => Promise<Uint8Array>,
): Promise<TensorMap> {
  const tensors = new TensorMap();
  for (const [file, names] of namesByFile(index)) {
    takeNamed(tensors, readSafetensors(await load(file)), names, file);
  }
  return tensors;
}

const DTYPE_NAMES = new Map([...SAFETENSORS_DTYPES].map(([name, dtype]) => [dtype, name]));

function compareEntries([nameA, a]: [string, Tensor], [nameB, b]: [string, Tensor]): number {
  return DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (nameA < nameB ? -1 : 1);
}

function checkTensor(name: string, { dtype, shape, data }: Tensor): void {
  if (name === METADATA_KEY || !name.isWellFormed()) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot write safetensors: ${quote(name)} cannot name a tensor`,
    );
  }
  if (data.byteLength !== elementCount(shape) * DTYPE_BYTES[dtype]) {
    throw new FewbitError(
      "shape_mismatch",
      `Cannot write safetensors: tensor ${quote(name)} has ${data.byteLength} bytes, ` +
        `expected ${elementCount(shape)} elements of ${dtype}`,
    );
  }
}
