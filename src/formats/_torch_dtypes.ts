/** Storage classes of PyTorch and what their elements are. */
import { type DType, DTYPE_BYTES } from "../tensor.ts";

/** A storage class of PyTorch, as a value in a pickle. */
export class StorageClass {
  readonly name: string;
  /** Absent for element types that there are none of here: such storages can be named, not read. */
  readonly dtype: DType | undefined;
  readonly elementBytes: number;

  constructor(name: string, dtype: DType | undefined, elementBytes: number) {
    this.name = name;
    this.dtype = dtype;
    this.elementBytes = elementBytes;
  }
}

const READABLE: Readonly<Record<string, DType>> = {
  DoubleStorage: "f64",
  FloatStorage: "f32",
  HalfStorage: "f16",
  BFloat16Storage: "bf16",
  LongStorage: "i64",
  IntStorage: "i32",
  ShortStorage: "i16",
  CharStorage: "i8",
  ByteStorage: "u8",
  BoolStorage: "bool",
};

/** Bytes of an element of the others; several values of 4 or 2 bits share one. */
const UNREADABLE: Readonly<Record<string, number>> = {
  ComplexDoubleStorage: 16,
  ComplexFloatStorage: 8,
  QUInt8Storage: 1,
  QInt8Storage: 1,
  QInt32Storage: 4,
  QUInt4x2Storage: 1,
  QUInt2x4Storage: 1,
};

/** All storage classes by their name in a pickle. */
export const STORAGE_CLASSES: ReadonlyMap<string, StorageClass> = new Map(
  [
    ...Object.entries(READABLE).map(([name, dtype]) =>
      new StorageClass(name, dtype, DTYPE_BYTES[dtype])
    ),
    ...Object.entries(UNREADABLE).map(([name, bytes]) => new StorageClass(name, undefined, bytes)),
    // Holds bytes; the tensor says what they are.
    new StorageClass("UntypedStorage", "u8", 1),
  ].map((storage) => [
    `torch.${storage.name === "UntypedStorage" ? "storage." : ""}${storage.name}`,
    storage,
  ]),
);

/** Element types that a tensor on an untyped storage may have. */
export const NAMED_DTYPES: Readonly<Record<string, DType>> = {
  "torch.uint16": "u16",
  "torch.uint32": "u32",
  "torch.float32": "f32",
  "torch.float64": "f64",
  "torch.float16": "f16",
  "torch.bfloat16": "bf16",
  "torch.int64": "i64",
  "torch.int32": "i32",
  "torch.int16": "i16",
  "torch.int8": "i8",
  "torch.uint8": "u8",
  "torch.bool": "bool",
};
