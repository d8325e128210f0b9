/** Small files that would take much memory. */
import assert from "node:assert/strict";
import { readGguf } from "../../src/formats/gguf.ts";
import { readOnnx, readTensorProto } from "../../src/formats/onnx.ts";
import { join, littleEndian, utf8 } from "./_join.ts";
import { field } from "./_protobuf_builder.ts";

/** A GGUF file of one pair of metadata, an array. */
function gguf(type: number, count: number, bytes: number, element: Uint8Array): Uint8Array {
  const head = join(
    utf8("GGUF"),
    [...littleEndian(3, 4), ...littleEndian(0, 8), ...littleEndian(1, 8)],
    [...littleEndian(1, 8), 97, ...littleEndian(9, 4), ...littleEndian(type, 4)],
    littleEndian(count, 8),
  );
  const file = new Uint8Array(head.length + bytes);
  file.set(head);
  if (element.length > 0) {
    for (let at = head.length; at < file.length; at += element.length) file.set(element, at);
  }
  return file;
}

const none = new Uint8Array();
const emptyArray = Uint8Array.from([...littleEndian(0, 4), ...littleEndian(0, 8)]);

/** Files, by what is in them, and their reader. */
export const CASES: readonly (readonly [name: string, read: () => unknown])[] = [
  ["GGUF, bytes", () => readGguf(gguf(0, 20e6, 20e6, none))],
  ["GGUF, booleans", () => readGguf(gguf(7, 20e6, 20e6, none))],
  ["GGUF, empty strings", () => readGguf(gguf(8, 3e6, 24e6, none))],
  ["GGUF, empty arrays", () => readGguf(gguf(9, 3e6, 36e6, emptyArray))],
  ["ONNX, empty nodes", () => readOnnx(field(7, repeated(field(1, none), 1e6)))],
  ["ONNX, empty names", () => readOnnx(field(7, field(1, repeated(field(1, none), 4e6))))],
  [
    "ONNX, packed integers",
    () => readTensorProto(join(field(2, 6), field(5, new Uint8Array(5e6)))),
  ],
  ["ONNX, single integers", () => readTensorProto(join(field(2, 6), repeated(field(5, 0), 5e6)))],
];

/** In a process of its own. */
export function run(): void {
  for (const [name, read] of CASES) assert.throws(read, { code: "limit_exceeded" }, name);
}

function repeated(bytes: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes.length * count);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes, at);
  return all;
}
