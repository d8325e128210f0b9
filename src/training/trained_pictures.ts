/** A classifier of pictures out of the checkpoint of its training. */
import { FewbitError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import { reshape, transpose } from "../graph/ops/mod.ts";
import { compile } from "../lower/compile.ts";
import { channelsFirst, TrainedLayers } from "../models/trained_layers.ts";
import type { Start } from "../models/trained_layers.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { Tensor } from "../tensor.ts";
import { adaptersOf, mergeAdapters } from "./adapters.ts";
import { AVERAGE } from "./_apply_gradients.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { decodePictureFacts } from "./picture_facts.ts";
import type { PictureFacts } from "./picture_facts.ts";
import { tinyNetwork } from "./tiny_network.ts";

/** A network with the weights of a checkpoint. */
export interface TrainedNetwork {
  readonly graph: Graph;
  readonly facts: PictureFacts;
  /** Parameters and running statistics, in the names and shapes of PyTorch. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * The program of a trained classifier: input `image` `[1, C, H, W]`, output `logits`, entry `normalized`. It needs the
 * module for training, which has the convolutions.
 *
 * @param bytes What `Trainer.save` gave, with {@linkcode PictureFacts}.
 * @throws {FewbitError} `invalid_file` for a file that is damaged or no checkpoint, `unsupported` for one that does not
 * say how pictures are read.
 */
export function compileTrainedPictures(bytes: Uint8Array): CompiledProgram {
  const { graph, facts: { network, labels, preprocessing } } = trainedNetwork(bytes);
  const metadata = { task: "image-classification", bits: "f32", network, labels, preprocessing };
  return compile(graph, { training: true, metadata: JSON.parse(JSON.stringify(metadata)) });
}

/**
 * Parameters and running statistics of a trained classifier, convolutions as `[outputs, inputs, height, width]`.
 *
 * @throws {FewbitError} As {@linkcode compileTrainedPictures}.
 */
export function trainedWeights(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  return trainedNetwork(bytes).weights;
}

/**
 * The network of a checkpoint; adapters are merged into its weights.
 *
 * @throws {FewbitError} As {@linkcode compileTrainedPictures}.
 */
export function trainedNetwork(bytes: Uint8Array): TrainedNetwork {
  const { tensors: stored, metadata = {} } = decodeCheckpoint(bytes);
  const facts = decodePictureFacts(metadata);
  const tensors = mergeAdapters(stored, adaptersOf(metadata));
  const { network, labels, preprocessing: { inputSize: [channels, height, width] } } = facts;
  const weights = new Map<string, Tensor>();
  const initialize = ({ name, shape }: Start): Float32Array => {
    const [outputs, ...rest] = shape;
    const isConvolution = shape.length === 4;
    const stored = isConvolution ? [outputs, ...rest.slice(1), rest[0]] : shape;
    // Of weights that have moving averages, these are what was evaluated.
    const average = `${name}${AVERAGE}`;
    const elements = elementsOf(tensors, tensors.has(average) ? average : name, stored);
    const data = isConvolution ? channelsFirst(elements, shape) : elements;
    weights.set(name, { dtype: "f32", shape, data });
    return data;
  };
  const graph = new Graph();
  const image = graph.input("image", "f32", [1, channels, height, width]);
  const x = channels === 1
    ? graph.apply(reshape, { x: image }, { shape: [1, height, width, channels] })
    : graph.apply(transpose, { x: image }, { perm: [0, 2, 3, 1] });
  const layers = new TrainedLayers(graph, initialize);
  graph.output("logits", tinyNetwork(layers, network, x, labels.length), "normalized");
  for (const { id, name, shape } of graph.states) {
    const data = elementsOf(tensors, name, shape as readonly number[]);
    const tensor: Tensor = { dtype: "f32", shape: shape as readonly number[], data };
    graph.initial.set(id, tensor);
    weights.set(name, tensor);
  }
  return { graph, facts, weights };
}

function elementsOf(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) {
    return tensor.data;
  }
  const found = tensor === undefined ? "missing" : `${tensor.dtype} [${tensor.shape}]`;
  throw new FewbitError(
    "invalid_file",
    `Cannot use checkpoint: ${name} is ${found}, expected f32 [${shape}]`,
  );
}
