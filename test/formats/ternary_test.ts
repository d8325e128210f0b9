import assert from "node:assert/strict";
import { readGguf } from "../../src/formats/gguf.ts";
import {
  decodeHuggingFace,
  encodeHuggingFace,
  huggingFaceScale,
  readHuggingFaceTernary,
} from "../../src/formats/ternary/hugging_face.ts";
import { decodeI2S, encodeI2S } from "../../src/formats/ternary/i2_s.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { decodeTQ1, encodeTQ1 } from "../../src/formats/ternary/tq1_0.ts";
import { decodeTQ2, encodeTQ2 } from "../../src/formats/ternary/tq2_0.ts";
import { halfToFloat } from "../../src/numeric/float16.ts";
import type { Tensor } from "../../src/tensor.ts";
import { assertThrows } from "./_assert.ts";

const GGUF = new URL("../vectors/gguf/small.gguf", import.meta.url);

/** One scale for all weights, the first ones as given, the others 0. */
function ternary(shape: readonly number[], trits: readonly number[], scale = 0.5): TernaryTensor {
  const data = new Int8Array(shape.reduce((a, b) => a * b, 1));
  data.set(trits);
  return {
    dtype: "ternary",
    shape,
    trits: data,
    scales: Float32Array.of(scale),
    blockSize: data.length,
  };
}

function float(value: number): Tensor {
  return { dtype: "f32", shape: [1], data: Float32Array.of(value) };
}

Deno.test("ternary: what llama.cpp's Python package wrote is written again to the bit", async () => {
  const { tensors } = readGguf(await Deno.readFile(GGUF));
  const written = ["tq1.one", "tq1.blocks", "tq2.one", "tq2.blocks"].map((name) => {
    const tensor = tensors.get(name)!;
    const encode = tensor.type === "TQ1_0" ? encodeTQ1 : encodeTQ2;
    assert.deepEqual(encode(tensor.decode() as TernaryTensor), new Uint8Array(tensor.bytes), name);
    return name;
  });
  assert.equal(written.length, 4);
});

Deno.test("ternary: TQ1_0 holds every five and every four trits", () => {
  for (let number = 0; number < 243; number++) {
    const digits = Array.from({ length: 5 }, (_, n) => Math.floor(number / 3 ** (4 - n)) % 3 - 1);
    const tensor = ternary([256], []);
    // Weights of byte 31, byte 47 and byte 51.
    digits.forEach((trit, n) => tensor.trits[31 + 32 * n] = trit);
    digits.forEach((trit, n) => tensor.trits[175 + 16 * n] = trit);
    digits.slice(0, 4).forEach((trit, n) => tensor.trits[243 + 4 * n] = trit);
    tensor.trits[0] = 1;
    const bytes = encodeTQ1(tensor);
    assert.equal(bytes[31], Math.ceil(256 * number / 243));
    assert.deepEqual(decodeTQ1(bytes, [256]), tensor);
  }
});

Deno.test("ternary: scales are binary16 numbers without loss", () => {
  const tensor = ternary([256], [1]);
  for (let bits = 0; bits < 0x10000; bits += 7) {
    const scale = halfToFloat(bits);
    if (!Number.isFinite(scale)) continue;
    const bytes = encodeTQ2({ ...tensor, scales: Float32Array.of(scale) });
    assert.equal(bytes[64] | bytes[65] << 8, bits);
    assert.equal(decodeTQ2(bytes, [256]).scales[0], scale);
  }
});

Deno.test("ternary: layouts by hand", () => {
  const tensor = ternary([4, 32], [1, -1, 0, 1]);
  tensor.trits[32] = 1;
  tensor.trits[97] = -1;
  const i2s = encodeI2S(tensor);
  assert.equal(i2s.length, 64);
  assert.deepEqual([...i2s.subarray(0, 4)], [
    0b10_10_01_01,
    0b00_01_01_00,
    0b01_01_01_01,
    0b10_01_01_01,
  ]);
  assert.deepEqual([...i2s.subarray(32, 37)], [0, 0, 0, 0x3f, 0]);
  assert.deepEqual(decodeI2S(i2s, [4, 32]), tensor);
  const packed = encodeHuggingFace(tensor);
  assert.deepEqual(packed.shape, [1, 32]);
  assert.deepEqual([...packed.data.subarray(0, 4)], [
    0b01_01_10_10,
    0b00_01_01_00,
    0b01_01_01_01,
    0b01_01_01_10,
  ]);
  assert.deepEqual(decodeHuggingFace(packed, float(0.5), { scale: "multiply" }), tensor);
});

Deno.test("ternary: the example in the documentation of transformers' unpack_weights", () => {
  const packed: Tensor = {
    dtype: "u8",
    shape: [2, 2],
    data: Uint8Array.of(0b10100001, 0b00011000, 0b10010000, 0b00001010),
  };
  const { shape, trits } = decodeHuggingFace(packed, float(1), { scale: "divide" });
  assert.deepEqual(shape, [8, 2]);
  assert.deepEqual([...trits], [0, -1, -1, 1, -1, 1, -1, 1, 1, 0, 0, -1, 1, -1, 1, -1]);
});

Deno.test("ternary: BitLinear divides by weight_scale, AutoBitLinear multiplies", () => {
  const tensor = ternary([4, 2], [1, 0, -1]);
  const bf16: Tensor = { dtype: "bf16", shape: [], data: Uint16Array.of(0x4040) };
  const norm: Tensor = { dtype: "bf16", shape: [2], data: new Uint16Array(2) };
  const weights = new Map([
    ["q.weight", encodeHuggingFace(tensor)],
    ["q.weight_scale", bf16],
    ["norm.weight", norm],
  ]);
  const scaleOf = (config: Record<string, unknown>) => {
    const read = readHuggingFaceTernary(weights, { quantization_config: config });
    assert.deepEqual([...read.keys()], ["q.weight"]);
    assert.deepEqual(read.get("q.weight")!.trits, tensor.trits);
    return read.get("q.weight")!.scales[0];
  };
  const quant_method = "bitnet";
  assert.equal(scaleOf({ quant_method }), Math.fround(1 / 3));
  assert.equal(scaleOf({ quant_method, linear_class: "bitlinear" }), Math.fround(1 / 3));
  const auto = { quant_method, linear_class: "autobitlinear", quantization_mode: "offline" };
  assert.equal(scaleOf(auto), 3);
  const wrong: [unknown, RegExp][] = [
    [undefined, /quant_method of the quantization_config is undefined, expected "bitnet"/],
    [{ quant_method: "awq" }, /quant_method of the quantization_config is "awq"/],
    [{ quant_method, linear_class: "x" }, /is "x", expected "bitlinear" or "autobitlinear"/],
    [{ ...auto, quantization_mode: "online" }, /quantization_mode .* "online", expected "offline"/],
  ];
  for (const [quantization_config, message] of wrong) {
    assertThrows(() => huggingFaceScale({ quantization_config }), "unsupported", message);
  }
  weights.delete("q.weight_scale");
  const config = { quantization_config: auto };
  const read = () => readHuggingFaceTernary(weights, config);
  assertThrows(read, "not_found", /"q.weight" has no "q.weight_scale"/);
});

Deno.test("ternary: broken bytes are refused", () => {
  const infinite = new Uint8Array(66);
  infinite[65] = 0x7c;
  const noNumber = new Uint8Array(64);
  noNumber.set([0xc0, 0x7f], 34);
  const cases: [() => unknown, RegExp][] = [
    [() => decodeTQ1(new Uint8Array(53), [256]), /TQ1_0: 53 bytes, expected 54 for \[256\]/],
    [
      () => decodeTQ1(new Uint8Array(54), [2, 128]),
      /rows of 128 weights, expected a multiple of 256/,
    ],
    [() => decodeTQ1(new Uint8Array(54).fill(0xfc, 53), [256]), /block 0 has scale -Infinity/],
    [() => decodeTQ2(new Uint8Array(66), [512]), /TQ2_0: 66 bytes, expected 132/],
    [() => decodeTQ2(infinite, [256]), /TQ2_0: block 0 has scale Infinity/],
    [() => decodeTQ2(new Uint8Array(66).fill(0xc0, 63, 64), [256]), /byte 63 has the code 3/],
    [() => decodeI2S(new Uint8Array(36), [128]), /I2_S: 36 bytes, expected 64/],
    [() => decodeI2S(new Uint8Array(48), [64]), /64 weights, expected a multiple of 128/],
    [() => decodeI2S(noNumber, [128]), /the scale is NaN/],
    [() => decodeI2S(new Uint8Array(64).fill(0x0c, 0, 1), [128]), /byte 0 has the code 3/],
  ];
  const packed: Tensor = { dtype: "u8", shape: [1, 2], data: Uint8Array.of(0x55, 0x55) };
  const divide = { scale: "divide" } as const;
  cases.push(
    [
      () => decodeHuggingFace(packed, float(0), divide),
      /weight_scale is 0, which gives .* Infinity/,
    ],
    [() => decodeHuggingFace(packed, float(NaN), divide), /weight_scale is NaN/],
    [
      () => decodeHuggingFace({ ...packed, data: Uint8Array.of(0, 0x30) }, float(1), divide),
      /byte 1 has the code 3/,
    ],
  );
  for (const [read, message] of cases) assertThrows(read, "invalid_file", message);
  const halves: Tensor = { dtype: "f16", shape: [2], data: Uint16Array.of(0, 0) };
  const integer: Tensor = { dtype: "i8", shape: [1], data: Int8Array.of(1) };
  const i8: Tensor = { dtype: "i8", shape: packed.shape, data: new Int8Array(packed.data) };
  const one = { ...packed, data: Uint8Array.of(0x55) };
  assertThrows(() => decodeHuggingFace(packed, halves, divide), "shape_mismatch", /is \[2\]/);
  assertThrows(() => decodeHuggingFace(one, float(1), divide), "shape_mismatch", /1 bytes/);
  assertThrows(() => decodeHuggingFace(packed, integer, divide), "dtype_mismatch", /is i8/);
  assertThrows(() => decodeHuggingFace(i8, float(1), divide), "dtype_mismatch", /i8 \[1,2\]/);
});

Deno.test("ternary: tensors that a layout cannot hold are refused", () => {
  const good = ternary([2, 256], [1]);
  const scales = Float32Array.of(1, 2, 3, 4);
  const cases: [() => unknown, "shape_mismatch" | "invalid_argument", RegExp][] = [
    [() => encodeTQ1({ ...good, shape: [512, 2] }), "shape_mismatch", /512 trits and 1 scales/],
    [() => encodeTQ1({ ...good, shape: [4, 128] }), "shape_mismatch", /rows of 128 weights/],
    [() => encodeTQ1(ternary([256], [2])), "invalid_argument", /2 is not a trit/],
    [() => encodeTQ2(ternary([256], [1], NaN)), "invalid_argument", /a scale is NaN/],
    [() => encodeTQ2(ternary([256], [1], 0.1)), "invalid_argument", /0.1\d* is not a binary16/],
    [() => encodeTQ2(ternary([256], [1], 65_536)), "invalid_argument", /65536 is not a binary16/],
    [() => encodeTQ2({ ...good, scales, blockSize: 128 }), "invalid_argument", /each 128 weights/],
    [() => encodeI2S({ ...good, scales, blockSize: 128 }), "invalid_argument", /4 scales/],
    [() => encodeI2S(ternary([64], [])), "shape_mismatch", /64 weights/],
    [() => encodeHuggingFace(ternary([6, 2], [])), "shape_mismatch", /\[6,2\], expected/],
  ];
  for (const [write, code, message] of cases) assertThrows(write, code, message);
});
