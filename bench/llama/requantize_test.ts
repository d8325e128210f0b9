/** What llama.cpp gets, against gguf-py 0.17.1 and our reader of GGUF, which is held against it elsewhere. */
import assert from "node:assert/strict";
import { openGgufFile } from "../../src/formats/gguf_file.ts";
import { sha256 } from "../../src/files/sha256.ts";
import { f32, join, padded, text, u32, u64 } from "./gguf_bytes.ts";
import { quantizeQ4, quantizeQ8 } from "./quantize_blocks.ts";
import { requantized } from "./requantize.ts";

/** Uniform, blocks of different sizes, one of zeros. */
function values(): Float32Array {
  let state = 7;
  const all = Float32Array.from({ length: 64 * 256 }, (_, i) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return (state / 2 ** 31 - 1) * 2 ** ((i >> 5) % 7 - 3);
  });
  return all.fill(0, 3 * 256 + 32, 3 * 256 + 64);
}

Deno.test("quantizeQ8() and quantizeQ4() give the bytes of gguf.quants.quantize", async () => {
  assert.equal(
    await sha256(quantizeQ8(values())),
    "80575a55011584f7b7b1b271c31feec7c464d381eb5c4e470f33f7b6002c0e4b",
  );
  assert.equal(
    await sha256(quantizeQ4(values())),
    "925ac1980b6a570728397256d202089282c331f0501edb555fc3b34eb7c05712",
  );
});

Deno.test("requantized() keeps the metadata and rounds the matrices", async () => {
  const weights = values().subarray(0, 512);
  const tensors = [
    { name: "token_embd.weight", shape: [8, 64], data: weights },
    { name: "blk.0.attn_q.weight", shape: [8, 64], data: weights },
    { name: "output_norm.weight", shape: [64], data: weights.subarray(0, 64) },
  ];
  let offset = 0;
  const infos = tensors.map(({ name, shape, data }) => {
    const dims = shape.toReversed().map(u64);
    const info = join([text(name), u32(shape.length), ...dims, u32(0), u64(offset)]);
    offset += data.byteLength;
    return info;
  });
  const list = [text("a"), text("bc"), text("é")];
  const head = join([
    new TextEncoder().encode("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(4),
    join([text("general.architecture"), u32(8), text("llama")]),
    join([text("a.list"), u32(9), u32(8), u64(list.length), ...list]),
    join([text("a.number"), u32(6), f32(0.5)]),
    join([text("a.flag"), u32(7), Uint8Array.of(1)]),
    ...infos,
  ]);
  const bytesOf = (data: Float32Array) => new Uint8Array(data.slice().buffer);
  const file = join([padded(head), ...tensors.map(({ data }) => bytesOf(data))]);
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, file);
    const { metadata } = openGgufFile(path);
    for (const type of ["q8_0", "q4_0"] as const) {
      await Deno.writeFile(path, file);
      await Deno.writeFile(path, requantized(path, type));
      const written = openGgufFile(path);
      assert.deepEqual(written.metadata, metadata);
      const types = [...written.tensors.values()].map((tensor) => tensor.type);
      assert.deepEqual(types, ["Q8_0", type.toUpperCase(), "F32"]);
      for (const { name, shape, data } of tensors) {
        const tensor = written.tensors.get(name)!;
        assert.deepEqual(tensor.shape, shape);
        // Half a step, and what float16 rounds the scale by, 127 · 2^-11 steps; 127 are the largest of a block, or 8.
        const steps = tensor.type === "Q8_0" ? 127 : 8;
        const read = tensor.read().data as Float32Array;
        for (let i = 0; i < data.length; i += 32) {
          const block = data.subarray(i, i + 32);
          const most = Math.max(...block.map(Math.abs));
          const error = Math.max(...block.map((value, k) => Math.abs(value - read[i + k])));
          // The eighth step of the other sign is cut off.
          const bound = tensor.type === "F32" ? 0 : tensor.type === "Q8_0" ? 0.57 : 1.01;
          assert.ok(error <= bound * most / steps, `${name} ${i}: ${error} of ${most}`);
        }
      }
    }
  } finally {
    await Deno.remove(path);
  }
});
