import assert from "node:assert/strict";
import { readGguf } from "../../src/formats/gguf.ts";
import { readIdx } from "../../src/formats/idx.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { readOnnx, readTensorProto } from "../../src/formats/onnx.ts";
import { readPth } from "../../src/formats/pth.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";

const READERS = [readGguf, readIdx, readNpy, readOnnx, readTensorProto, readPth, readSafetensors];
const WRONG = [
  null,
  undefined,
  "model.gguf",
  5,
  {},
  [1, 2],
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Float32Array(2),
  Promise.resolve(new Uint8Array(8)),
  Object.create(null),
];

Deno.test(`${READERS.length} readers × ${WRONG.length} values that are no bytes: typed errors`, async () => {
  for (const read of READERS) {
    for (const value of WRONG) {
      const expected = { code: "invalid_argument", message: /expected the file's bytes/ };
      await assert.rejects(async () => await read(value as never), expected);
    }
  }
});
