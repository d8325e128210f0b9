import assert from "node:assert/strict";
import type { Image } from "../../src/vision/image.ts";
import {
  checkPreprocessing,
  normalizationTable,
  normalizePixels,
  preparePixels,
  type Preprocessing,
} from "../../src/vision/preprocess.ts";
import { resize } from "../../src/vision/resize.ts";
import { sha256 } from "./_hash.ts";
import { Stream } from "./_seeded.ts";

const FASHION: Preprocessing = {
  inputSize: [1, 28, 28],
  mean: [0.2860],
  std: [0.3530],
  interpolation: "bicubic",
  resize: { mode: "stretch", height: 28, width: 28 },
  centerCrop: false,
};
const IMAGENET: Preprocessing = {
  inputSize: [3, 8, 6],
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  interpolation: "bilinear",
  resize: { mode: "shorter_side", size: 10 },
  centerCrop: true,
};

function randomImage(width: number, height: number, channels: 1 | 3 | 4): Image {
  return { width, height, channels, data: new Stream(5).bytes(width * height * channels) };
}

Deno.test("normalizationTable equals numpy's float32", () => {
  // ((arange(256).astype(float32) / float32(255)) - float32(mean)) / float32(std), sha256 of the little-endian bytes
  const expected: [Preprocessing, string][] = [
    [FASHION, "897c26057ea3a3d3b3806b3c7f76a0d02f6d9bde09d1b5335f3f9f91fde2728d"],
    [IMAGENET, "1d8b9af12b7b391827f7c801265239e21435c7e29b4d78c6189a35e437633897"],
  ];
  for (const [preprocessing, hash] of expected) {
    assert.equal(sha256(new Uint8Array(normalizationTable(preprocessing).buffer)), hash);
  }
});

Deno.test("normalizePixels turns height x width x channels into channels x height x width", () => {
  const { data } = randomImage(6, 8, 3);
  const table = normalizationTable(IMAGENET);
  const result = normalizePixels(data, IMAGENET);
  assert.equal(result.length, 144);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < 48; i++) assert.equal(result[c * 48 + i], table[c * 256 + data[i * 3 + c]]);
  }
  assert.throws(() => normalizePixels(data.subarray(1), IMAGENET), { code: "shape_mismatch" });
});

Deno.test("preparePixels leaves pixels of the right shape and never shares them", () => {
  const image = randomImage(28, 28, 1);
  for (const mode of [FASHION.resize, { mode: "none" }] as const) {
    const pixels = preparePixels(image, { ...FASHION, resize: mode });
    assert.deepEqual(pixels, image.data);
    assert.notEqual(pixels.buffer, image.data.buffer);
  }
});

Deno.test("preparePixels converts, resizes and cuts in this order", () => {
  const image = randomImage(40, 25, 4);
  const rgb: Image = { ...image, channels: 3, data: image.data.filter((_, i) => i % 4 !== 3) };
  const resized = resize(rgb, 16, 10, "bilinear");
  const expected: number[] = [];
  for (let y = 1; y < 9; y++) {
    expected.push(...resized.data.subarray((y * 16 + 5) * 3, (y * 16 + 11) * 3));
  }
  assert.deepEqual([...preparePixels(image, IMAGENET)], expected);
});

Deno.test("preparePixels refuses an image that nothing brings to the size", () => {
  const preprocessing: Preprocessing = { ...FASHION, resize: { mode: "none" } };
  assert.throws(() => preparePixels(randomImage(28, 27, 1), preprocessing), {
    code: "shape_mismatch",
  });
});

Deno.test("checkPreprocessing takes what went through JSON and refuses anything else", () => {
  for (const good of [FASHION, IMAGENET]) checkPreprocessing(JSON.parse(JSON.stringify(good)));
  const bad: unknown[] = [
    null,
    "none",
    {},
    { ...IMAGENET, inputSize: [2, 8, 6] },
    { ...IMAGENET, inputSize: [3, 8] },
    { ...IMAGENET, inputSize: [3, NaN, 6] },
    { ...IMAGENET, inputSize: [3, 8, 1e9] },
    { ...IMAGENET, inputSize: [3, 0, 6] },
    { ...IMAGENET, mean: [0.5] },
    { ...IMAGENET, mean: [0, 0, NaN] },
    { ...IMAGENET, mean: [0, 0, "0"] },
    { ...IMAGENET, std: [1, 1, 0] },
    { ...IMAGENET, std: [1, 1, -1] },
    { ...IMAGENET, std: [1, 1, 1e-60] },
    { ...IMAGENET, std: undefined },
    { ...IMAGENET, interpolation: "area" },
    { ...IMAGENET, resize: null },
    { ...IMAGENET, resize: { mode: "fit" } },
    { ...IMAGENET, resize: { mode: "stretch", height: 2 } },
    { ...IMAGENET, resize: { mode: "shorter_side", size: 1.5 } },
    { ...IMAGENET, centerCrop: 1 },
  ];
  for (const value of bad) {
    assert.throws(
      () => checkPreprocessing(value as Preprocessing),
      { code: "invalid_argument" },
      JSON.stringify(value),
    );
  }
});
