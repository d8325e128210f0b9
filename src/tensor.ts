/** Element types. The number is the code in a program file: append only. */
export const DTYPES = {
  i8: 0,
  u8: 1,
  i16: 2,
  i32: 3,
  f32: 4,
  f64: 5,
  i64: 6,
  f16: 7,
  bf16: 8,
  u32: 9,
  bool: 10,
  u16: 11,
} as const;

/** Name of an element type. */
export type DType = keyof typeof DTYPES;

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<DType, number>> = {
  i8: 1,
  u8: 1,
  i16: 2,
  i32: 4,
  f32: 4,
  f64: 8,
  i64: 8,
  f16: 2,
  bf16: 2,
  u32: 4,
  bool: 1,
  u16: 2,
};

/** What holds the elements of each type; `f16` and `bf16` are kept as their 16 bits. */
export interface DTypeData {
  /** Signed bytes. */
  readonly i8: Int8Array;
  /** Unsigned bytes. */
  readonly u8: Uint8Array;
  /** Signed 16-bit integers. */
  readonly i16: Int16Array;
  /** Signed 32-bit integers. */
  readonly i32: Int32Array;
  /** Floats of 32 bits. */
  readonly f32: Float32Array;
  /** Floats of 64 bits. */
  readonly f64: Float64Array;
  /** Signed 64-bit integers. */
  readonly i64: BigInt64Array;
  /** Floats of 16 bits, as their bits. */
  readonly f16: Uint16Array;
  /** The upper 16 bits of floats of 32 bits. */
  readonly bf16: Uint16Array;
  /** Unsigned 32-bit integers. */
  readonly u32: Uint32Array;
  /** 0 or 1, a byte each. */
  readonly bool: Uint8Array;
  /** Unsigned 16-bit integers. */
  readonly u16: Uint16Array;
}

/** What holds the elements of a tensor. */
export type TensorData = DTypeData[DType];

/**
 * A dense row-major tensor in host memory. A scalar has the shape `[]`. `dtype` tells what `data` is:
 * where it was compared with `"f32"`, `data` is a `Float32Array`; `Tensor<"f32">` is such a tensor.
 *
 * @example
 * ```ts
 * import type { Tensor } from "@fewbit/fewbit";
 *
 * const sum = (tensor: Tensor) =>
 *   tensor.dtype === "f32" ? tensor.data.reduce((a, b) => a + b, 0) : NaN;
 * console.log(sum({ dtype: "f32", shape: [2], data: Float32Array.of(1, 2) }));
 * ```
 */
export type Tensor<D extends DType = DType> = D extends DType ? {
    /** Element type. */
    readonly dtype: D;
    /** Extents, outermost first. */
    readonly shape: readonly number[];
    /** The elements. */
    readonly data: DTypeData[D];
  }
  : never;

/** A tensor whose elements are read each time they are asked for. */
export interface LazyTensor {
  /** Element type. */
  readonly dtype: DType;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Reads the tensor. */
  readonly read: () => Tensor;
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Bytes of a tensor in dense rows. */
export function denseBytes(dtype: DType, shape: readonly number[]): number {
  return elementCount(shape) * DTYPE_BYTES[dtype];
}

/** What holds the elements of each type, little-endian as in files on all hosts of Deno. */
export const DTYPE_ARRAYS: Readonly<
  Record<DType, new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TensorData>
> = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  u32: Uint32Array,
  bool: Uint8Array,
  u16: Uint16Array,
};

/** A tensor whose type is known at run time only: `data` holds the elements of that type. */
export function tensorOf(dtype: DType, shape: readonly number[], data: TensorData): Tensor {
  return { dtype, shape, data } as Tensor;
}

/** Bytes as the elements of a dtype, without a copy; they must be aligned to its size. */
export function viewAs(dtype: DType, { buffer, byteOffset, byteLength }: Uint8Array): TensorData {
  return new DTYPE_ARRAYS[dtype](buffer, byteOffset, byteLength / DTYPE_BYTES[dtype]);
}

/** The bytes under elements, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
