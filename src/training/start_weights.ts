/** Weights that a training begins with: a checkpoint's, or those of a plain file by their names. */
import { FewbitError } from "../errors.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import type { Graph } from "../graph/graph.ts";
import { uniform } from "../models/trained_layers.ts";
import type { Initialize } from "../models/trained_layers.ts";
import type { Tensor } from "../tensor.ts";
import { isCheckpoint, metadataOf } from "./checkpoint.ts";
import { nameList } from "./_name_list.ts";
import type { PictureFacts } from "./picture_facts.ts";
import type { TinyNetwork } from "./tiny_network.ts";
import { trainedNetwork } from "./trained_pictures.ts";

/** A network with weights. */
export interface StartWeights {
  readonly network: TinyNetwork;
  /** In the names and shapes of PyTorch. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Classes, and how pictures are read, where the file says so. */
  readonly facts?: PictureFacts;
  /** Whether it was taught on pixels from 0 to 255. */
  readonly takesBytes: boolean;
}

/** A tensor that only one network has. */
const SIGNS: Readonly<Record<string, TinyNetwork>> = {
  "cls_token": "vit",
  "s3.skip.weight": "resnet8",
  "dw13.weight": "mobilenet-v1",
  "dw4.weight": "ds-cnn",
};

/** Parts of the names of a convolution that has a bias before its norm, in MLPerf Tiny's networks. */
const BEFORE_NORM = /^(conv0|s\d\.[ab]|[dp]w\d+)\.bias$/;

/**
 * Reads a file.
 *
 * @param bytes What `fewbit train`, `finetune` or `export` wrote, or MLPerf Tiny's networks as safetensors.
 * @throws {FewbitError} `invalid_file` where it is damaged, `unsupported` where it is none of these networks.
 */
export function startWeights(bytes: Uint8Array): StartWeights {
  const tensors = readSafetensors(bytes);
  if (isCheckpoint(bytes)) {
    const { facts, weights } = trainedNetwork(bytes);
    return { network: facts.network, weights, facts, takesBytes: false };
  }
  const [, network] = Object.entries(SIGNS).find(([name]) => tensors.has(name)) ?? [];
  if (network === undefined) {
    throw new FewbitError(
      "unsupported",
      `Cannot fine-tune: its tensors are no known network's: ${nameList([...tensors.keys()])}`,
    );
  }
  const isMlPerf = /^MLPerf Tiny/.test(metadataOf(bytes).network ?? "");
  return { network, weights: withoutBiases(tensors), takesBytes: isMlPerf };
}

/** Biases that come before a norm, in its mean: a norm takes them away again. */
function withoutBiases(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const kept = new Map([...tensors].filter(([name]) => !BEFORE_NORM.test(name)));
  for (const [name, { shape, data }] of kept) {
    if (!name.endsWith(".running_mean")) continue;
    // `s1.bn_a.running_mean` is behind `s1.a`, `bn0.running_mean` behind `conv0`, `dw1.bn.running_mean` behind `dw1`.
    const layer = name.replace(/\.running_mean$/, "").replace("bn0", "conv0")
      .replace("bn_", "").replace(/\.bn$/, "");
    const bias = tensors.get(`${layer}.bias`);
    if (!(data instanceof Float32Array) || bias?.data.length !== data.length) continue;
    const moved = data.map((mean, i) => mean - Number(bias.data[i]));
    kept.set(name, { dtype: "f32", shape, data: moved });
  }
  return kept;
}

/**
 * First elements out of weights.
 *
 * @param isNew Parameters that begin anew, by name.
 * @throws {FewbitError} `invalid_file` where a tensor is missing, or has another shape.
 */
export function initializeFrom(
  weights: ReadonlyMap<string, Tensor>,
  isNew: (name: string) => boolean,
  seed: number,
): Initialize {
  const fresh = uniform(seed);
  return (start) => isNew(start.name) ? fresh(start) : elementsOf(weights, start.name, start.shape);
}

/** Sets the running statistics of a network to those of its weights. */
export function setStatistics(graph: Graph, weights: ReadonlyMap<string, Tensor>): void {
  for (const { id, name, shape } of graph.states) {
    const data = elementsOf(weights, name, shape as readonly number[]);
    graph.initial.set(id, { dtype: "f32", shape: shape as readonly number[], data });
  }
}

function elementsOf(
  weights: ReadonlyMap<string, Tensor>,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = weights.get(name);
  if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) {
    return tensor.data;
  }
  const found = tensor === undefined ? "missing" : `${tensor.dtype} [${tensor.shape}]`;
  throw new FewbitError(
    "invalid_file",
    `Cannot fine-tune: ${name} is ${found}, expected f32 [${shape}]`,
  );
}
