/** Bytes of ONNX models for tests. */
import { join } from "./_join.ts";
import { field, floatField, varint } from "./_protobuf_builder.ts";

export function tensorProto(
  code: number,
  dims: readonly number[],
  ...data: Uint8Array[]
): Uint8Array {
  return join(...dims.map((dim) => field(1, dim)), field(2, code), ...data, field(8, "t"));
}

export function packed(...values: (number | bigint)[]): Uint8Array {
  return join(...values.map(varint));
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function valueInfo(name: string, type: Uint8Array): Uint8Array {
  return join(field(1, name), field(2, type));
}

function tensorType(code: number, ...dims: Uint8Array[]): Uint8Array {
  const shape = join(...dims.map((dim) => field(1, dim)));
  return join(field(1, code), field(2, shape));
}

export function attribute(name: string, type: number, ...values: Uint8Array[]): Uint8Array {
  return field(5, join(field(1, name), ...values, field(20, type)));
}

export const RAW = field(9, bytesOf(Float32Array.of(1, 2)));
/** A tensor of two floats. */
export const FLOATS = tensorProto(1, [2], RAW);
const SUBGRAPH = join(field(2, "body"), field(1, field(4, "Identity")));

export const NODE = join(
  field(1, "x"),
  field(1, ""),
  field(2, "y"),
  field(3, "node"),
  field(4, "Conv"),
  field(7, "ai.onnx"),
  attribute("float", 1, floatField(2, 1.5)),
  attribute("int", 2, field(3, -1)),
  attribute("string", 3, field(4, "SAME")),
  attribute("tensor", 4, field(5, FLOATS)),
  attribute("graph", 5, field(6, SUBGRAPH)),
  attribute("floats", 6, floatField(7, 1), field(7, bytesOf(Float32Array.of(2, 3)))),
  attribute("ints", 7, field(8, 1), field(8, packed(2, -3)), field(8, 2n ** 63n - 1n)),
  attribute("strings", 8, field(9, "a"), field(9, "b")),
  attribute("tensors", 9, field(10, FLOATS)),
  attribute("graphs", 10, field(11, SUBGRAPH)),
  attribute("zero", 2),
);

const GRAPH = join(
  field(1, NODE),
  field(2, "main"),
  field(5, FLOATS),
  field(11, valueInfo("x", field(1, tensorType(1, field(1, 3), field(2, "n"), field(1, -1))))),
  field(11, valueInfo("map", field(5, join(field(1, 7), field(2, field(1, tensorType(8))))))),
  field(12, valueInfo("y", field(4, field(1, field(1, field(1, 13)))))),
  field(12, valueInfo("z", field(9, field(1, field(1, field(1, 1)))))),
  field(12, valueInfo("sparse", field(8, field(1, 1)))),
  field(13, valueInfo("inner", field(1, tensorType(99)))),
);

/** A model with every kind of attribute and of value. */
export const MODEL_BYTES = join(
  field(1, 8),
  field(2, "test"),
  field(8, join(field(1, "ai.onnx"), field(2, 17))),
  field(8, join(field(1, "com.example"), field(2, 1))),
  field(7, GRAPH),
  field(14, "skipped"),
);

/** A tensor in a file of its own. */
export const TENSOR_BYTES = FLOATS;
