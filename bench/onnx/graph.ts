/** An ONNX graph in memory, to be built, rewritten and encoded. */
import { block, float, integer, join } from "./protobuf.ts";
import type { Bytes } from "./protobuf.ts";

/** Element types that the benches use, with ONNX's numbers. */
const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

/** Domain of the operators that onnxruntime adds. */
export const MICROSOFT = "com.microsoft";

/** An element type. */
export type OnnxType = keyof typeof TYPES;

/** A constant. */
export interface OnnxTensor {
  readonly type: OnnxType;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView;
}

/** A value of an attribute; floats are wrapped. */
export type OnnxAttribute = number | readonly number[] | { readonly float: number };

/** An operator. */
export interface OnnxNode {
  readonly op: string;
  /** Default ONNX's own. */
  readonly domain?: typeof MICROSOFT;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of a model; an output's extents may be left to inference. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims?: readonly number[];
}

/** Nodes in an order in which they can run, over named values. */
export class OnnxGraph {
  readonly nodes: OnnxNode[] = [];
  readonly constants: Map<string, OnnxTensor> = new Map();
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];

  /** Adds a constant; returns its name. */
  constant(
    name: string,
    type: OnnxType,
    dims: readonly number[],
    data: ArrayBufferView,
  ): string {
    this.constants.set(name, { type, dims, data });
    return name;
  }

  /** Adds float32 constants. */
  floats(name: string, dims: readonly number[], data: Float32Array): string {
    return this.constant(name, "float32", dims, data);
  }

  /** Adds int64 constants: shapes and indices. */
  integers(name: string, values: readonly number[], dims = [values.length]): string {
    return this.constant(name, "int64", dims, BigInt64Array.from(values, BigInt));
  }

  /** Adds a node of one output; returns the output's name. */
  node(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain?: typeof MICROSOFT,
  ): string {
    this.nodes.push({ op, inputs, outputs: [output], attributes, domain });
    return output;
  }

  /** The model as a file of opset 17, and version 1 of onnxruntime's operators. */
  encode(): Bytes {
    const graph = join([
      ...this.nodes.map((node) => block(1, encodeNode(node))),
      block(2, "bench"),
      ...[...this.constants].map(([name, tensor]) => block(5, encodeTensor(name, tensor))),
      ...this.inputs.map((value) => block(11, encodeValue(value))),
      ...this.outputs.map((value) => block(12, encodeValue(value))),
    ]);
    return join([
      integer(1, 8),
      block(7, graph),
      block(8, integer(2, 17)),
      block(8, join([block(1, MICROSOFT), integer(2, 1)])),
    ]);
  }
}

function encodeTensor(name: string, { type, dims, data }: OnnxTensor): Bytes {
  return join([
    ...dims.map((extent) => integer(1, extent)),
    integer(2, TYPES[type]),
    block(8, name),
    block(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

function encodeValue({ name, type, dims }: OnnxValue): Bytes {
  const shape = dims === undefined
    ? []
    : [block(2, join(dims.map((extent) => block(1, integer(1, extent)))))];
  return join([block(1, name), block(2, block(1, join([integer(1, TYPES[type]), ...shape])))]);
}

function encodeNode({ op, domain, inputs, outputs, attributes = {} }: OnnxNode): Bytes {
  return join([
    ...inputs.map((name) => block(1, name)),
    ...outputs.map((name) => block(2, name)),
    block(4, op),
    ...Object.entries(attributes).map(([name, value]) => block(5, encodeAttribute(name, value))),
    ...(domain === undefined ? [] : [block(7, domain)]),
  ]);
}

function encodeAttribute(name: string, value: OnnxAttribute): Bytes {
  const head = block(1, name);
  if (typeof value === "number") return join([head, integer(3, value), integer(20, 2)]);
  if ("float" in value) return join([head, float(2, value.float), integer(20, 1)]);
  return join([head, ...value.map((v) => integer(8, v)), integer(20, 7)]);
}
