/** Writes GGUF files, good and bad ones, in the simplest way. */
import { join, littleEndian, utf8 } from "./_join.ts";

/** Numbers of the types of metadata. */
export const TYPES = { u8: 0, u32: 4, f32: 6, bool: 7, string: 8, array: 9, u64: 10 } as const;

/** A pair of metadata: key, number of the type, bytes of the value. */
export type Pair = readonly [key: string, type: number, value: ArrayLike<number>];

/** What the header says of a tensor; extents innermost first. */
export interface TensorPart {
  readonly name: string;
  readonly extents: readonly (number | bigint)[];
  readonly type: number;
  readonly offset: number | bigint;
}

/** Parts of a file; what is left out is as in a good file. */
export interface FileParts {
  readonly magic?: string;
  readonly version?: readonly number[];
  readonly tensorCount?: number | bigint;
  readonly pairCount?: number | bigint;
  readonly pairs?: readonly Pair[];
  readonly tensors?: readonly TensorPart[];
  readonly alignment?: number;
  readonly data?: ArrayLike<number>;
}

/** A file of the parts; without data it ends where its header does. */
export function ggufFile(
  { magic = "GGUF", version = u32(3), pairs = [], tensors = [], alignment = 32, data, ...counts }:
    FileParts,
): Uint8Array<ArrayBuffer> {
  const header = join(
    utf8(magic),
    version,
    u64(counts.tensorCount ?? tensors.length),
    u64(counts.pairCount ?? pairs.length),
    ...pairs.map(([key, type, value]) => join(text(key), u32(type), value)),
    ...tensors.map(({ name, extents, type, offset }) =>
      join(text(name), u32(extents.length), ...extents.map(u64), u32(type), u64(offset))
    ),
  );
  if (data === undefined) return header;
  return join(header, new Uint8Array((alignment - header.length % alignment) % alignment), data);
}

/** A string: its length, its bytes. */
export function text(value: string): Uint8Array<ArrayBuffer> {
  const bytes = utf8(value);
  return join(u64(bytes.length), bytes);
}

/** An array: type of its elements, their number, their bytes. */
export function array(
  type: number,
  count: number | bigint,
  ...elements: readonly ArrayLike<number>[]
): Uint8Array<ArrayBuffer> {
  return join(u32(type), u64(count), ...elements);
}

export function u32(value: number): number[] {
  return littleEndian(value, 4);
}

export function u64(value: number | bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
