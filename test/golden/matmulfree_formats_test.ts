/** Packed ternary weights: TQ1_0 and TQ2_0 by llama.cpp's own Python package, others by their descriptions. */
import assert from "node:assert/strict";
import { decodeHuggingFace, encodeHuggingFace } from "../../src/formats/ternary/hugging_face.ts";
import { decodeI2S, encodeI2S } from "../../src/formats/ternary/i2_s.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { decodeTQ1, encodeTQ1 } from "../../src/formats/ternary/tq1_0.ts";
import { decodeTQ2, encodeTQ2 } from "../../src/formats/ternary/tq2_0.ts";
import { packBase3, unpackBase3 } from "../../src/numeric/base3.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

interface Sample {
  readonly shape: [number, number];
  readonly scale: number;
  readonly [layout: `${string}_base64`]: string;
}

const FILE = "golden/matmulfree/formats.json";
const ignore = absent(`${SHARED}/${FILE}`);

const LAYOUTS = {
  tq1_0: { decode: decodeTQ1, encode: encodeTQ1 },
  tq2_0: { decode: decodeTQ2, encode: encodeTQ2 },
  i2_s: { decode: decodeI2S, encode: encodeI2S },
};

Deno.test({
  name: "formats: packed ternary tensors decode to the trits and encode to the bytes",
  ignore,
  fn: () => {
    const samples: Sample[] = readJson(FILE);
    assert.equal(samples.length, 3);
    for (const sample of samples) {
      const { shape, scale } = sample;
      const trits = new Int8Array(bytesOf(sample.t_i8_base64).buffer);
      const expected: TernaryTensor = {
        dtype: "ternary",
        shape,
        trits,
        scales: Float32Array.of(scale),
        blockSize: trits.length,
      };
      for (const [name, { decode, encode }] of Object.entries(LAYOUTS)) {
        const bytes = bytesOf(sample[`${name}_base64`]);
        assert.deepEqual(decode(bytes, shape), expected, name);
        assert.deepEqual(encode(expected), bytes, name);
      }
      const packed = {
        dtype: "u8",
        shape: [shape[0] / 4, shape[1]],
        data: bytesOf(sample.hugging_face_base64),
      } as const;
      const multiplied = { dtype: "f32", shape: [1], data: Float32Array.of(scale) } as const;
      const divided = { dtype: "f32", shape: [1], data: Float32Array.of(1 / scale) } as const;
      assert.deepEqual(decodeHuggingFace(packed, multiplied, { scale: "multiply" }), expected);
      assert.deepEqual(decodeHuggingFace(packed, divided, { scale: "divide" }), expected);
      assert.deepEqual(encodeHuggingFace(expected), packed);
      const base3 = bytesOf(sample.base3_base64);
      assert.deepEqual(unpackBase3(base3, trits.length), trits);
      assert.deepEqual(packBase3(trits), base3);
    }
  },
});

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(base64);
}
