import { FewbitError } from "../errors.ts";
import { type DType, DTYPE_BYTES } from "../tensor.ts";
import { PickleFunction, PickleOpaque, type PickleWorld } from "./_pickle_machine.ts";
import { quote } from "./quote.ts";
import { checkedElementCount, checkRank } from "./tensor_bytes.ts";
import { NAMED_DTYPES, STORAGE_CLASSES, StorageClass } from "./_torch_dtypes.ts";
import {
  type ReadableStorage,
  type TorchStorage,
  TorchTensor,
  UnreadableTensor,
} from "./_torch_storage.ts";

/** Functions that make tensors of kinds that there are none of here. */
const UNREADABLE: Readonly<Record<string, string>> = {
  "torch._utils._rebuild_sparse_tensor": "a sparse tensor",
  "torch._utils._rebuild_sparse_csr_tensor": "a sparse tensor",
  "torch._utils._rebuild_nested_tensor": "a nested tensor",
  "torch._utils._rebuild_qtensor": "a quantised tensor",
  "torch._utils._rebuild_meta_tensor_no_storage": "a tensor without elements (meta)",
  "torch._utils._rebuild_wrapper_subclass": "a tensor of a class of its own",
  "torch._utils._rebuild_device_tensor_from_numpy": "a tensor of a device",
  "torch._utils._rebuild_device_tensor_from_cpu_tensor": "a tensor of a device",
};

const REBUILD_V2 = new PickleFunction((args) => rebuildTensor(args, 6, 7));
const REBUILD_V3 = new PickleFunction(rebuildTypedTensor);
const REBUILD_PARAMETER = new PickleFunction((args) => rebuildParameter(args, 3));

/** What may stand inside a tensor with attributes: nothing that nests or copies. */
const INNER: readonly unknown[] = [REBUILD_V2, REBUILD_V3, REBUILD_PARAMETER];

/** All that a checkpoint may call. What is not here stands for itself and does nothing. */
const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", new PickleFunction(orderedDict)],
  ["collections.defaultdict", new PickleFunction(([_factory, ...rest]) => orderedDict(rest))],
  ["collections.Counter", new PickleFunction(orderedDict)],
  ["torch.Size", new PickleFunction(size)],
  ["torch._utils._rebuild_tensor", new PickleFunction((args) => rebuildTensor(args, 4, 4))],
  ["torch._utils._rebuild_tensor_v2", REBUILD_V2],
  ["torch._utils._rebuild_tensor_v3", REBUILD_V3],
  ["torch._utils._rebuild_parameter", REBUILD_PARAMETER],
  [
    "torch._utils._rebuild_parameter_with_state",
    new PickleFunction((args) => rebuildParameter(args, 4)),
  ],
  ["torch._tensor._rebuild_from_type_v2", new PickleFunction(rebuildFromType)],
  ...Object.entries(UNREADABLE).map(([name, kind]): [string, unknown] => [
    name,
    new PickleFunction(() => new UnreadableTensor(kind)),
  ]),
  ...STORAGE_CLASSES,
]);

/** What a PyTorch checkpoint may build: containers, and tensors on storages in the file. */
export const TORCH_WORLD: PickleWorld = {
  findGlobal(module: string, name: string): unknown {
    const whole = `${module}.${name}`;
    return GLOBALS.get(whole) ?? new PickleOpaque(whole);
  },
  loadPersistent: readStorage,
};

/** Whether a value is a storage. */
export function isStorage(value: unknown): value is TorchStorage {
  return typeof value === "object" && value !== null && "fileCount" in value;
}

/**
 * The id is `("storage", class, key, device, count)`, in legacy files with the view of a storage, or
 * `("module", class, path, source)`.
 */
function readStorage(id: unknown): TorchStorage | PickleOpaque {
  if (Array.isArray(id) && id[0] === "module") {
    return id[1] instanceof PickleOpaque ? id[1] : new PickleOpaque("torch.nn.Module");
  }
  if (!Array.isArray(id) || id.length < 5 || id.length > 6) {
    throw invalid(`a persistent id is not a tuple of 5 or 6`);
  }
  const [kind, storageClass, key, _device, fileCount, view] = id;
  if (kind !== "storage" || !(storageClass instanceof StorageClass) || typeof key !== "string") {
    throw invalid("a persistent id does not name a storage");
  }
  const { dtype, elementBytes } = storageClass;
  if (!isCount(fileCount)) throw invalid(`storage ${quote(key)} has no valid size`);
  const common = { key, dtype, elementBytes, fileCount };
  if (view === undefined || view === null) return { ...common, first: 0, count: fileCount };
  if (!Array.isArray(view) || view.length !== 3) throw invalid(`a view is not a tuple of 3`);
  const [_viewKey, first, count] = view;
  if (!isCount(first) || !isCount(count) || first + count > fileCount) {
    throw invalid(`a view passes the end of storage ${quote(key)}`);
  }
  return { ...common, first, count };
}

/**
 * `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])`; before
 * PyTorch 0.4 `_rebuild_tensor` with the first four.
 */
function rebuildTensor(
  args: readonly unknown[],
  least: number,
  most: number,
): TorchTensor | UnreadableTensor {
  const [storage, offset, shape, strides, _requiresGrad, _hooks, metadata] = args;
  if (args.length < least || args.length > most || !isStorage(storage)) {
    throw invalid("_rebuild_tensor_v2 is called without a storage");
  }
  if (metadata instanceof Map ? metadata.size > 0 : metadata !== undefined && metadata !== null) {
    return new UnreadableTensor("a tensor that is conjugated or negated lazily");
  }
  const { dtype } = storage;
  if (dtype === undefined) {
    return new UnreadableTensor("a tensor of an element type that fewbit has not");
  }
  return strided({ ...storage, dtype }, offset, shape, strides);
}

/** `_rebuild_tensor_v3(untyped storage, offset, size, stride, requires_grad, backward_hooks, dtype[, metadata])` */
function rebuildTypedTensor(args: readonly unknown[]): TorchTensor | UnreadableTensor {
  const [storage, offset, shape, strides, _requiresGrad, _hooks, type] = args;
  if (args.length < 7 || args.length > 8 || !isStorage(storage)) {
    throw invalid("_rebuild_tensor_v3 is called without a storage");
  }
  const name = type instanceof PickleOpaque ? type.name : "no type";
  if (!Object.hasOwn(NAMED_DTYPES, name)) return new UnreadableTensor(`a tensor of ${name}`);
  const dtype = NAMED_DTYPES[name];
  return strided(retyped(storage, dtype), offset, shape, strides);
}

/** A storage of bytes as one of elements. */
function retyped({ key, fileCount, first, count }: TorchStorage, dtype: DType): ReadableStorage {
  const elementBytes = DTYPE_BYTES[dtype];
  if (first % elementBytes !== 0) throw invalid(`storage ${quote(key)} begins within an element`);
  return {
    key,
    dtype,
    elementBytes,
    fileCount: Math.floor(fileCount / elementBytes),
    first: first / elementBytes,
    count: Math.floor(count / elementBytes),
  };
}

/** A checked view of a storage. A stride of 0 repeats elements, which a copy costs memory for. */
function strided(
  storage: ReadableStorage,
  offset: unknown,
  shape: unknown,
  strides: unknown,
): TorchTensor {
  if (!Array.isArray(shape) || !Array.isArray(strides) || shape.length !== strides.length) {
    throw invalid("a tensor does not have a size and a stride of one length");
  }
  checkRank("PyTorch checkpoint", shape.length);
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
    throw invalid("a tensor has an offset, size or stride that is not made of counts");
  }
  const count = checkedElementCount("PyTorch checkpoint", shape);
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

/** `_rebuild_parameter(data, requires_grad, backward_hooks[, state])` */
function rebuildParameter(args: readonly unknown[], count: number): unknown {
  if (args.length !== count || !isTensor(args[0])) {
    throw invalid("_rebuild_parameter is called without a tensor");
  }
  return args[0];
}

/** `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor with attributes. */
function rebuildFromType(args: readonly unknown[]): unknown {
  const [make, type, inner] = args;
  if (!(type instanceof PickleOpaque)) throw invalid("a tensor has no type");
  const plain = type.name === "torch.Tensor" || type.name === "torch.nn.parameter.Parameter";
  if (!plain) return new UnreadableTensor(`a ${type.name}`);
  if (INNER.includes(make) && Array.isArray(inner)) return (make as PickleFunction).call(inner);
  throw invalid("_rebuild_from_type_v2 is called without a function that makes tensors");
}

/** `OrderedDict()`, `Counter({…})`, or in files of Python 2 `OrderedDict([[key, value], …])` */
function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  const [pairs = []] = args;
  if (args.length <= 1 && pairs instanceof Map) return pairs;
  if (args.length > 1 || !Array.isArray(pairs) || !pairs.every(isPair)) {
    throw invalid("OrderedDict is called with what is not a list of pairs");
  }
  return new Map(pairs);
}

/** `torch.Size([…])` is a tuple. */
function size([extents]: readonly unknown[]): unknown {
  return Array.isArray(extents) ? extents : new PickleOpaque("torch.Size");
}

function isTensor(value: unknown): value is TorchTensor | UnreadableTensor {
  return value instanceof TorchTensor || value instanceof UnreadableTensor;
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
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
