import { FewbitError } from "../errors.ts";
import type { DType } from "../tensor.ts";
import { PickleFunction, type PickleWorld } from "./_pickle_machine.ts";
import { quote } from "./_quote.ts";
import { checkedElementCount, checkRank } from "./_tensor_bytes.ts";
import { type TorchStorage, TorchTensor } from "./_torch_storage.ts";

/** A storage class of PyTorch, as a value in a pickle. */
class StorageClass {
  readonly name: string;
  readonly dtype: DType | undefined;

  constructor(name: string, dtype: DType | undefined) {
    this.name = name;
    this.dtype = dtype;
  }
}

/** The storage classes; those without an element type of ours can be named, but not loaded. */
const STORAGE_DTYPES: Readonly<Record<string, DType | undefined>> = {
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
  ComplexDoubleStorage: undefined,
  ComplexFloatStorage: undefined,
  QUInt8Storage: undefined,
  QInt8Storage: undefined,
  QInt32Storage: undefined,
  QUInt4x2Storage: undefined,
  QUInt2x4Storage: undefined,
};

/** All that a checkpoint may name. A name that is not here is refused. */
const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", new PickleFunction(orderedDict)],
  ["torch._utils._rebuild_tensor_v2", new PickleFunction(rebuildTensor)],
  ["torch._utils._rebuild_parameter", new PickleFunction(rebuildParameter)],
  ...Object.entries(STORAGE_DTYPES).map(([name, dtype]): [string, unknown] => [
    `torch.${name}`,
    new StorageClass(name, dtype),
  ]),
]);

/** What a PyTorch checkpoint may build: dicts, and tensors on storages in the file. */
export const TORCH_WORLD: PickleWorld = {
  findGlobal(module: string, name: string): unknown {
    const value = GLOBALS.get(`${module}.${name}`);
    if (value === undefined) {
      throw invalid(`it names ${quote(`${module}.${name}`)}, which is not a part of a tensor`);
    }
    return value;
  },
  loadPersistent: readStorage,
};

/** The id is `("storage", class, key, device, count)`, in legacy files with the view of a storage. */
function readStorage(id: unknown): TorchStorage {
  if (!Array.isArray(id) || id.length < 5 || id.length > 6) {
    throw invalid(`a persistent id is not a tuple of 5 or 6`);
  }
  const [kind, storageClass, key, _device, fileCount, view] = id;
  if (kind !== "storage" || !(storageClass instanceof StorageClass) || typeof key !== "string") {
    throw invalid("a persistent id does not name a storage");
  }
  const { name, dtype } = storageClass;
  if (dtype === undefined) {
    throw new FewbitError("unsupported", `Cannot read PyTorch checkpoint: it has a torch.${name}`);
  }
  if (!isCount(fileCount)) throw invalid(`storage ${quote(key)} has no valid size`);
  if (view === undefined || view === null) {
    return { key, dtype, fileCount, first: 0, count: fileCount };
  }
  if (!Array.isArray(view) || view.length !== 3) throw invalid(`a view is not a tuple of 3`);
  const [_viewKey, first, count] = view;
  if (!isCount(first) || !isCount(count) || first + count > fileCount) {
    throw invalid(`a view passes the end of storage ${quote(key)}`);
  }
  return { key, dtype, fileCount, first, count };
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])` */
function rebuildTensor(args: readonly unknown[]): TorchTensor {
  const [storage, offset, shape, strides, _requiresGrad, _hooks, metadata] = args;
  if (args.length < 6 || args.length > 7 || !isStorage(storage)) {
    throw invalid("_rebuild_tensor_v2 is called without a storage");
  }
  if (metadata instanceof Map ? metadata.size > 0 : metadata !== undefined && metadata !== null) {
    throw new FewbitError(
      "unsupported",
      "Cannot read PyTorch checkpoint: a tensor is conjugated or negated lazily",
    );
  }
  if (!Array.isArray(shape) || !Array.isArray(strides) || shape.length !== strides.length) {
    throw invalid("a tensor does not have a size and a stride of one length");
  }
  checkRank("PyTorch checkpoint", shape.length);
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
    throw invalid("a tensor has an offset, size or stride that is not made of counts");
  }
  const count = checkedElementCount("PyTorch checkpoint", shape);
  if (count > storage.count) {
    throw invalid(
      `a tensor has ${count} elements, but its storage ${quote(storage.key)} ${storage.count}`,
    );
  }
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis], offset);
  if (count > 0 && last >= storage.count) {
    throw invalid(
      `a tensor reaches element ${last} of storage ${quote(storage.key)}, which has ` +
        `${storage.count}`,
    );
  }
  // The lists are the pickle's own, which may go on to change them.
  return new TorchTensor(storage, offset, shape.slice(), strides.slice());
}

/** `_rebuild_parameter(data, requires_grad, backward_hooks)` */
function rebuildParameter(args: readonly unknown[]): TorchTensor {
  if (args.length !== 3 || !(args[0] instanceof TorchTensor)) {
    throw invalid("_rebuild_parameter is called without a tensor");
  }
  return args[0];
}

/** `OrderedDict()` or, in files of Python 2, `OrderedDict([[key, value], …])` */
function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  const [pairs = []] = args;
  if (args.length > 1 || !Array.isArray(pairs) || !pairs.every(isPair)) {
    throw invalid("OrderedDict is called with what is not a list of pairs");
  }
  return new Map(pairs);
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function isStorage(value: unknown): value is TorchStorage {
  return typeof value === "object" && value !== null && "fileCount" in value;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function invalid(problem: string): FewbitError {
  return new FewbitError("invalid_file", `Cannot read PyTorch checkpoint: ${problem}`);
}
