import assert from "node:assert/strict";
import { readOnnx, readTensorProto } from "../../src/formats/onnx.ts";
import type { DType } from "../../src/tensor.ts";
import { assertThrows } from "./_assert.ts";
import { join, utf8 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";
import {
  attribute,
  bytesOf,
  FLOATS,
  MODEL_BYTES,
  packed,
  RAW,
  tensorProto,
} from "./_onnx_samples.ts";
import { field, floatField } from "./_protobuf_builder.ts";

Deno.test("onnx: a model reads", () => {
  const floats = { dtype: "f32" as const, shape: [2], data: Float32Array.of(1, 2) };
  const body = {
    name: "body",
    nodes: [{
      name: "",
      opType: "Identity",
      domain: "",
      inputs: [],
      outputs: [],
      attributes: new Map(),
    }],
    initializers: new Map(),
    inputs: [],
    outputs: [],
    valueInfos: [],
  };
  assert.deepEqual(readOnnx(MODEL_BYTES), {
    irVersion: 8,
    producerName: "test",
    opsetImports: new Map([["", 17], ["com.example", 1]]),
    graph: {
      name: "main",
      nodes: [{
        name: "node",
        opType: "Conv",
        domain: "",
        inputs: ["x", ""],
        outputs: ["y"],
        attributes: new Map<string, unknown>([
          ["float", { type: "float", value: 1.5 }],
          ["int", { type: "int", value: -1 }],
          ["string", { type: "string", value: "SAME" }],
          ["tensor", { type: "tensor", value: floats }],
          ["graph", { type: "graph", value: body }],
          ["floats", { type: "floats", value: [1, 2, 3] }],
          ["ints", { type: "ints", value: [1, 2, -3, 2 ** 63] }],
          ["strings", { type: "strings", value: ["a", "b"] }],
          ["tensors", { type: "tensors", value: [floats] }],
          ["graphs", { type: "graphs", value: [body] }],
          ["zero", { type: "int", value: 0 }],
        ]),
      }],
      initializers: new Map([["t", floats]]),
      inputs: [
        { name: "x", type: "tensor(float)", dtype: "f32", shape: [3, "n", null] },
        { name: "map", type: "map(int64,tensor(string))", dtype: undefined, shape: undefined },
      ],
      outputs: [
        { name: "y", type: "seq(tensor(uint64))", dtype: undefined, shape: undefined },
        { name: "z", type: "optional(tensor(float))", dtype: undefined, shape: undefined },
        { name: "sparse", type: "sparse_tensor(float)", dtype: undefined, shape: undefined },
      ],
      valueInfos: [
        { name: "inner", type: "tensor(element type 99)", dtype: undefined, shape: [] },
      ],
    },
  });
});

Deno.test("onnx: tensors read from raw bytes and from the field of their type", () => {
  const cases: [number, DType, ArrayBufferView, Uint8Array][] = [
    [1, "f32", Float32Array.of(1, -2), field(4, bytesOf(Float32Array.of(1, -2)))],
    [1, "f32", Float32Array.of(1, -2), join(floatField(4, 1), floatField(4, -2))],
    [2, "u8", Uint8Array.of(1, 255), field(5, packed(1, 255))],
    [3, "i8", Int8Array.of(1, -1), field(5, packed(1, -1))],
    [4, "u16", Uint16Array.of(1, 65535), field(5, packed(1, 65535))],
    [5, "i16", Int16Array.of(1, -1), field(5, packed(1, -1))],
    [6, "i32", Int32Array.of(1, -1), field(5, packed(1, -1))],
    [7, "i64", BigInt64Array.of(1n, -1n), field(7, packed(1, -1))],
    [7, "i64", BigInt64Array.of(1n, -1n), join(field(7, 1), field(7, -1))],
    [9, "bool", Uint8Array.of(1, 0), field(5, packed(1, 0))],
    [10, "f16", Uint16Array.of(0x3c00, 0xbc00), field(5, packed(0x3c00, 0xbc00))],
    [11, "f64", Float64Array.of(1, -2), field(10, bytesOf(Float64Array.of(1, -2)))],
    [12, "u32", Uint32Array.of(1, 2 ** 32 - 1), field(11, packed(1, 2 ** 32 - 1))],
    [16, "bf16", Uint16Array.of(0x3f80, 0xbf80), field(5, packed(0x3f80, 0xbf80))],
  ];
  for (const [code, dtype, data, typed] of cases) {
    for (const stored of [typed, field(9, bytesOf(data))]) {
      const tensor = readTensorProto(tensorProto(code, [1, 2], stored));
      assert.deepEqual(tensor, { name: "t", dtype, shape: [1, 2], data });
    }
  }
  assert.deepEqual(readTensorProto(tensorProto(1, [], field(9, new Uint8Array(4)))).shape, []);
  assert.equal(readTensorProto(tensorProto(1, [0])).data.length, 0);
});

Deno.test("onnx: broken tensors and models are refused", () => {
  const tensors: [Uint8Array, RegExp][] = [
    [tensorProto(1, [3], RAW), /"t" has 8 bytes, expected 12/],
    [tensorProto(1, [2], field(5, packed(1, 2))), /"t" has 0 bytes, expected 8/],
    [tensorProto(1, [-2], RAW), /an extent is not an integer/],
    [tensorProto(1, [2 ** 40, 2 ** 40], RAW), /more than 2\^53 - 1 elements/],
    [tensorProto(2, [1], field(5, packed(256))), /has 256, beyond the range of u8/],
    [tensorProto(10, [1], field(5, packed(65536))), /has 65536, beyond the range of f16/],
    [tensorProto(9, [1], field(5, packed(2))), /a boolean is neither 0 nor 1/],
    [utf8("not a protocol buffer"), /it is text that begins/],
  ];
  for (const [bytes, message] of tensors) {
    assertThrows(() => readTensorProto(bytes), "invalid_file", message);
  }
  const graphs: [Uint8Array, RegExp][] = [
    [join(field(5, FLOATS), field(5, FLOATS)), /the initializer "t" exists twice/],
    [field(1, attribute("a", 4)), /the attribute "a" has no value/],
    [field(1, 5), /has wire type 0, expected 2/],
  ];
  for (const [graph, message] of graphs) {
    assertThrows(() => readOnnx(field(7, graph)), "invalid_file", message);
  }
  assertThrows(() => readOnnx(new Uint8Array()), "invalid_file", /the model has no graph/);
});

Deno.test("onnx: what is well formed, but not supported", () => {
  const tensors: [Uint8Array, RegExp][] = [
    [tensorProto(8, [1], field(6, "a")), /"t" has elements of string/],
    [tensorProto(13, [1], field(11, 1)), /"t" has elements of uint64/],
    [tensorProto(17, [1]), /"t" has elements of float8e4m3fn/],
    [tensorProto(0, [1]), /"t" has elements of undefined/],
    [tensorProto(1, [2], field(14, 1)), /stored in another file/],
    [tensorProto(1, [2], field(3, "")), /split into segments/],
    [tensorProto(1, new Array(65).fill(1), RAW), /rank 65 exceeds 64/],
  ];
  for (const [bytes, message] of tensors) {
    assertThrows(() => readTensorProto(bytes), "unsupported", message);
  }
  const models: [Uint8Array, RegExp][] = [
    [field(7, field(15, "")), /sparse initializer/],
    [field(7, field(1, attribute("a", 13))), /the attribute "a" has type 13/],
    [field(25, ""), /functions of its own/],
  ];
  for (const [bytes, message] of models) {
    assertThrows(() => readOnnx(bytes), "unsupported", message);
  }
  assert.equal(readTensorProto(tensorProto(1, [2], RAW, field(14, 0))).data.length, 2);
});

Deno.test("onnx: graphs in graphs are limited", () => {
  let graph = field(2, "innermost");
  for (let depth = 0; depth < 100; depth++) {
    graph = field(1, attribute("body", 5, field(6, graph)));
  }
  assertThrows(() => readOnnx(field(7, graph)), "invalid_file", /nested deeper than 64 levels/);
});

Deno.test("onnx: damaged files are read or refused", async () => {
  await checkMutations(MODEL_BYTES, readOnnx, 10_000);
  await checkMutations(tensorProto(10, [1, 2], field(5, packed(1, 2))), readTensorProto);
});
