import type { DType, Tensor } from "../tensor.ts";

/** An ONNX model: a graph, and the versions of the operators in it. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Name of the tool that wrote the model. */
  readonly producerName: string;
  /** Operator set version by domain; the domain of ONNX itself is the empty string. */
  readonly opsetImports: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
}

/** Nodes in topological order, and the tensors they start from. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  /** Constants by the name of their value. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Before IR version 4 these include the initializers. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Types of values between nodes, as far as the file tells. */
  readonly valueInfos: readonly OnnxValueInfo[];
}

/** One application of an operator. */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** The empty string is the domain of ONNX itself. */
  readonly domain: string;
  /** Names of values; an empty one is an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/**
 * A parameter of a node. An integer beyond 2^53 is given as the nearest double: files use such ones
 * for infinity.
 */
export type OnnxAttribute =
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "tensor"; readonly value: Tensor }
  | { readonly type: "graph"; readonly value: OnnxGraph }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensors"; readonly value: readonly Tensor[] }
  | { readonly type: "graphs"; readonly value: readonly OnnxGraph[] };

/** Name and type of a value. */
export interface OnnxValueInfo {
  readonly name: string;
  /** In the notation of ONNX, such as `tensor(float)` or `seq(tensor(int64))`. */
  readonly type: string;
  /** Element type of a tensor, where fewbit has it. */
  readonly dtype: DType | undefined;
  /** Extents of a tensor: a number, the name of a symbol, or `null` if unknown. */
  readonly shape: readonly (number | string | null)[] | undefined;
}

/** A tensor with the name that its file gives it. */
export type NamedTensor = Tensor & { readonly name: string };
