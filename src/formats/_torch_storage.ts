import { FewbitError } from "../errors.ts";
import {
  type DType,
  DTYPE_ARRAYS,
  DTYPE_BYTES,
  elementCount,
  type Tensor,
  tensorOf,
} from "../tensor.ts";
import { quote } from "./quote.ts";
import { copyStrided, isRowMajor } from "./_strided.ts";
import { copyBytes } from "./tensor_bytes.ts";

/** Elements that a checkpoint keeps outside its pickle. */
export interface TorchStorage {
  /** Names the storage in the file. */
  readonly key: string;
  /** Absent for element types that there are none of here; then no tensor is made of it. */
  readonly dtype: DType | undefined;
  readonly elementBytes: number;
  /** Elements of the storage in the file. */
  readonly fileCount: number;
  /** The part that this storage is: all, unless it is a view of another. */
  readonly first: number;
  readonly count: number;
}

/** A storage whose elements can be read. */
export interface ReadableStorage extends TorchStorage {
  readonly dtype: DType;
}

/** A tensor as its pickle describes it: a strided view of a storage, checked to lie inside. */
export class TorchTensor {
  readonly storage: ReadableStorage;
  /** Elements of the storage before the first. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Distances in elements between neighbours along each axis. */
  readonly strides: readonly number[];

  /** Makes the description; the caller has checked it. */
  constructor(
    storage: ReadableStorage,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A tensor that is known to be one and cannot be read: sparse, quantised, complex … */
export class UnreadableTensor {
  /** What it is, after "is": `a sparse tensor`. */
  readonly kind: string;

  /** Notes what it is. */
  constructor(kind: string) {
    this.kind = kind;
  }
}

/** A checkpoint whose pickle was read. */
export interface TorchFile {
  /** What was saved: nested Arrays and Maps with {@linkcode TorchTensor}s in them. */
  readonly root: unknown;
  /** Gives the bytes of a whole storage of the file. */
  loadStorage(storage: TorchStorage): Promise<Uint8Array>;
}

/** Bytes that may be allocated beyond those of the file. */
export class ByteBudget {
  #left: number;

  /** Starts with all bytes left. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes bytes, before they are allocated. */
  spend(bytes: number): void {
    if (bytes > this.#left) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot read PyTorch checkpoint: ${bytes} bytes are needed beyond those of the file, ` +
          `${this.#left} are left of the limit`,
      );
    }
    this.#left -= bytes;
  }
}

/** Makes dense tensors of the tensors of one file, which may share storages. */
export class TorchTensorReader {
  readonly #file: TorchFile;
  readonly #budget: ByteBudget;
  readonly #storages = new Map<string, Uint8Array>();
  readonly #checkedBooleans = new Set<string>();

  /** Reads from one file. */
  constructor(file: TorchFile, budget: ByteBudget) {
    this.#file = file;
    this.#budget = budget;
  }

  /** Gives a tensor that views its storage where it is row-major there, else a copy. */
  async read({ storage, offset, shape, strides }: TorchTensor): Promise<Tensor> {
    const bytes = await this.#load(storage);
    const { dtype } = storage;
    const begin = (storage.first + offset) * DTYPE_BYTES[dtype];
    const count = elementCount(shape);
    if (isRowMajor(shape, strides)) {
      // An offset beside an empty shape may be anywhere.
      const start = bytes.byteOffset + (count === 0 ? 0 : begin);
      return tensorOf(dtype, shape, new DTYPE_ARRAYS[dtype](bytes.buffer, start, count));
    }
    this.#budget.spend(count * DTYPE_BYTES[dtype]);
    return copyStrided(dtype, shape, strides, bytes.subarray(begin));
  }

  /** The bytes of a storage, aligned for every element type. */
  async #load(storage: ReadableStorage): Promise<Uint8Array> {
    const { key, dtype, fileCount } = storage;
    let bytes = this.#storages.get(key);
    if (bytes === undefined) {
      const found = await this.#file.loadStorage(storage);
      bytes = found.byteOffset % 8 === 0 ? found : copyBytes(found);
      this.#storages.set(key, bytes);
    }
    const expected = fileCount * DTYPE_BYTES[dtype];
    if (bytes.length < expected) {
      throw invalid(`storage ${quote(key)} has ${bytes.length} bytes, expected ${expected}`);
    }
    if (dtype === "bool" && !this.#checkedBooleans.has(key)) {
      if (bytes.some((byte) => byte > 1)) {
        throw invalid(`storage ${quote(key)} has a boolean that is neither 0 nor 1`);
      }
      this.#checkedBooleans.add(key);
    }
    return bytes;
  }
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read PyTorch checkpoint: ${problem}`);
}
