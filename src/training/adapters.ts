/** Adapters apart from the weights that they stand beside: merged into them, and as a file. */
import { FewbitError } from "../errors.ts";
import { crc32c } from "../program/crc32c.ts";
import { bytesOf } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { AVERAGE } from "./_apply_gradients.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Adapter } from "./lora.ts";

/** Adapters with what else was trained beside them, such as a new head. */
export interface TrainedAdapters {
  /** The adapters. */
  readonly adapters: readonly Adapter[];
  /** Their tensors, and other tensors that stand for those of the network. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What their maker says of them. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Key of the adapters in the metadata of a file, and of the weights that they belong to. */
export const ADAPTERS = "fewbit.adapters", WEIGHTS = "fewbit.adapted";

/** Of a file that is no checkpoint of a training. */
const NOWHERE = { program: "", cursor: { epoch: 0, batch: 0 } };

/**
 * Adds adapters to the weights that they stand beside: `weight + scale·b·a`, summed in float64 and rounded once. While b
 * is zero a weight keeps its bits; else outputs differ from those of the network with adapters by float32 rounding only,
 * which sums the two products apart. Moving averages, where there are some, stand for what they are averages of.
 *
 * @param tensors Weights and adapters by name.
 * @returns All tensors but those of the adapters.
 * @throws {FewbitError} `not_found`, `dtype_mismatch` or `shape_mismatch` where tensors do not suit an adapter.
 *
 * @example
 * ```ts
 * import { mergeAdapters } from "@fewbit/fewbit/train";
 * import type { Tensor } from "@fewbit/fewbit/train";
 *
 * const tensor = (shape: number[], ...data: number[]): Tensor =>
 *   ({ dtype: "f32", shape, data: Float32Array.from(data) });
 * const tensors = new Map([
 *   ["fc.weight", tensor([2, 2], 1, 2, 3, 4)],
 *   ["fc.lora_A.weight", tensor([1, 2], 1, 1)],
 *   ["fc.lora_B.weight", tensor([2, 1], 0.5, 0)],
 * ]);
 * const [a, b] = ["fc.lora_A.weight", "fc.lora_B.weight"];
 * const merged = mergeAdapters(tensors, [{ weight: "fc.weight", a, b, scale: 1 }]);
 * console.log(merged.get("fc.weight")?.data); // Float32Array(4) [ 1.5, 2.5, 3, 4 ]
 * ```
 */
export function mergeAdapters(
  tensors: ReadonlyMap<string, Tensor>,
  adapters: readonly Adapter[],
): Map<string, Tensor> {
  const merged = new Map(tensors);
  for (const { weight, a, b, scale } of adapters) {
    const [w, narrow, wide] = [weight, a, b].map((name) => latest(tensors, name));
    const [outputs, ...rest] = w.shape;
    const columns = rest.reduce((x, y) => x * y, 1);
    const [rank] = narrow.shape;
    expectShape(a, narrow, `${narrow.shape}` === `${[rank, ...rest]}`, weight, w);
    const isWide = wide.shape[0] === outputs && wide.data.length === outputs * rank;
    expectShape(b, wide, isWide, weight, w);
    const data = new Float32Array(w.data.length);
    const sums = new Float64Array(columns);
    for (let row = 0; row < outputs; row++) {
      sums.fill(0);
      for (let r = 0; r < rank; r++) {
        const factor = wide.data[row * rank + r];
        for (let i = 0; i < columns; i++) sums[i] += factor * narrow.data[r * columns + i];
      }
      for (let i = 0; i < columns; i++) {
        const at = row * columns + i;
        data[at] = w.data[at] + scale * sums[i];
      }
    }
    for (const name of [a, b, `${a}${AVERAGE}`, `${b}${AVERAGE}`, `${weight}${AVERAGE}`]) {
      merged.delete(name);
    }
    merged.set(weight, { dtype: "f32", shape: w.shape, data });
  }
  return merged;
}

/**
 * The adapters of a network as a safetensors file, with a checksum, and one of the weights that they belong to.
 *
 * @param network All tensors of the network that was trained, by name.
 * @param trained Names of its tensors that changed besides weights with adapters.
 * @param adapters The adapters.
 * @throws {FewbitError} `not_found` where a tensor is missing.
 *
 * @example
 * ```ts
 * import { decodeAdapters, encodeAdapters } from "@fewbit/fewbit/train";
 * import type { Tensor } from "@fewbit/fewbit/train";
 *
 * const tensor = (shape: number[]): Tensor =>
 *   ({ dtype: "f32", shape, data: new Float32Array(shape[0] * shape[1]) });
 * const [weight, a, b] = ["fc.weight", "fc.lora_A.weight", "fc.lora_B.weight"];
 * const network = new Map([[weight, tensor([3, 4])], [a, tensor([2, 4])], [b, tensor([3, 2])]]);
 * const file = encodeAdapters(network, [], [{ weight, a, b, scale: 1 }]);
 * console.log([...decodeAdapters(file, network).tensors.keys()]); // [ "fc.lora_A.weight", "fc.lora_B.weight" ]
 * ```
 */
export function encodeAdapters(
  network: ReadonlyMap<string, Tensor>,
  trained: readonly string[],
  adapters: readonly Adapter[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const names = new Set([...trained, ...adapters.flatMap(({ a, b }) => [a, b])]);
  const tensors = new Map([...names].map((name) => [name, latest(network, name)] as const));
  const said = {
    ...adapterMetadata(adapters),
    [WEIGHTS]: String(weightsOf(network, names, adapters)),
  };
  return encodeCheckpoint({ tensors, ...NOWHERE, metadata: { ...metadata, ...said } });
}

/**
 * Reads what {@linkcode encodeAdapters} wrote.
 *
 * @param bytes The file.
 * @param network Tensors of the network that they are for, by name.
 * @throws {FewbitError} `invalid_file` where it is damaged or none, `not_found` and `invalid_argument` where the network is
 * not the one that they were trained beside.
 */
export function decodeAdapters(
  bytes: Uint8Array,
  network: ReadonlyMap<string, Tensor>,
): TrainedAdapters {
  const { tensors, metadata = {} } = decodeCheckpoint(bytes);
  const { [ADAPTERS]: _, [WEIGHTS]: weights, ...others } = metadata;
  const adapters = adaptersOf(metadata);
  if (adapters.length === 0) fail("it has none");
  if (Number(weights) !== weightsOf(network, new Set(tensors.keys()), adapters)) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot use adapters: they were trained beside other weights",
    );
  }
  // Whether they suit is known before anything is done with them.
  mergeAdapters(new Map([...network, ...tensors]), adapters);
  return { adapters, tensors, metadata: others };
}

/**
 * A checkpoint with the adapters of a file, and what was trained beside them.
 *
 * @param base The checkpoint that they were trained beside.
 * @throws {FewbitError} As {@linkcode decodeAdapters}.
 */
export function adaptedCheckpoint(base: Uint8Array, file: Uint8Array): Uint8Array<ArrayBuffer> {
  const { tensors, program, cursor, metadata = {} } = decodeCheckpoint(base);
  const network = mergeAdapters(tensors, adaptersOf(metadata));
  const trained = decodeAdapters(file, network);
  for (const [name, tensor] of trained.tensors) {
    network.delete(`${name}${AVERAGE}`);
    network.set(name, tensor);
  }
  const said = { ...metadata, ...trained.metadata, ...adapterMetadata(trained.adapters) };
  return encodeCheckpoint({ tensors: network, program, cursor, metadata: said });
}

/** Adapters as metadata. */
export function adapterMetadata(adapters: readonly Adapter[]): Record<string, string> {
  return adapters.length === 0 ? {} : { [ADAPTERS]: JSON.stringify(adapters) };
}

/**
 * The adapters that the metadata of a checkpoint tells of; none where it tells of none.
 *
 * @throws {FewbitError} `invalid_file` where it tells nonsense.
 */
export function adaptersOf(metadata: Readonly<Record<string, string>>): readonly Adapter[] {
  const text = metadata[ADAPTERS];
  if (text === undefined) return [];
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch (cause) {
    return fail("their list is no JSON", cause);
  }
  if (!Array.isArray(all)) return fail("they are no list");
  return all.map((adapter) => {
    const { weight, a, b, scale } = adapter ?? {};
    const isNamed = [weight, a, b].every((name) => typeof name === "string");
    if (!isNamed || !(typeof scale === "number" && Number.isFinite(scale))) {
      fail(`${JSON.stringify(adapter)} is none`);
    }
    return { weight, a, b, scale };
  });
}

/** CRC-32C of the weights that have adapters and are not trained themselves. */
function weightsOf(
  network: ReadonlyMap<string, Tensor>,
  trained: ReadonlySet<string>,
  adapters: readonly Adapter[],
): number {
  return adapters.filter(({ weight }) => !trained.has(weight))
    .reduce((crc, { weight }) => crc32c(bytesOf(latest(network, weight).data), crc), 0);
}

/** A float32 tensor, or its moving average. */
function latest(tensors: ReadonlyMap<string, Tensor>, name: string) {
  const tensor = tensors.get(`${name}${AVERAGE}`) ?? tensors.get(name);
  if (tensor === undefined) {
    throw new FewbitError("not_found", `Cannot use adapters: there is no ${name}`);
  }
  const { dtype, shape, data } = tensor;
  if (data instanceof Float32Array) return { dtype: "f32", shape, data } as const;
  throw new FewbitError("dtype_mismatch", `Cannot use adapters: ${name} is ${dtype}, not f32`);
}

function expectShape(
  name: string,
  { shape }: Tensor,
  suits: boolean,
  weight: string,
  of: Tensor,
): void {
  if (suits) return;
  throw new FewbitError(
    "shape_mismatch",
    `Cannot use adapters: ${name} is [${shape}], which does not suit ${weight} [${of.shape}]`,
  );
}

function fail(why: string, cause?: unknown): never {
  throw new FewbitError("invalid_file", `Cannot use adapters: ${why}`, { cause });
}
