import assert from "node:assert/strict";
import { checkImage, checkImageSize, type Image, toChannels } from "../../src/vision/image.ts";

Deno.test("checkImageSize takes integers from 1 to 65535 with at most 2^28 pixels", () => {
  checkImageSize(1, 1);
  checkImageSize(65_535, 4096);
  for (const bad of [0, -1, 0.5, NaN, Infinity, 65_536]) {
    assert.throws(() => checkImageSize(bad, 1), { code: "invalid_argument" });
    assert.throws(() => checkImageSize(1, bad), { code: "invalid_argument" });
  }
  assert.throws(() => checkImageSize(65_535, 4097), {
    code: "invalid_argument",
    message: /268435456 pixels/,
  });
});

Deno.test("checkImage compares the data with the shape", () => {
  const image: Image = { width: 2, height: 3, channels: 3, data: new Uint8Array(18) };
  checkImage(image);
  const bad = [
    { ...image, channels: 2 },
    { ...image, data: new Uint8Array(17) },
    { ...image, data: new Float32Array(18) },
    { ...image, width: NaN },
  ];
  for (const value of bad) {
    assert.throws(() => checkImage(value as Image), { code: "invalid_argument" });
  }
});

Deno.test("toChannels computes grey as Pillow does", () => {
  const data = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 1, 2, 3);
  const image: Image = { width: 5, height: 1, channels: 3, data };
  assert.deepEqual(toChannels(image, 1), {
    width: 5,
    height: 1,
    channels: 1,
    data: Uint8Array.of(76, 150, 29, 255, 2),
  });
});

Deno.test("toChannels repeats grey and drops alpha without blending", () => {
  const grey: Image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(4, 9) };
  assert.deepEqual([...toChannels(grey, 3).data], [4, 4, 4, 9, 9, 9]);
  const rgba: Image = { width: 1, height: 1, channels: 4, data: Uint8Array.of(10, 20, 30, 0) };
  assert.deepEqual([...toChannels(rgba, 3).data], [10, 20, 30]);
  assert.deepEqual([...toChannels(rgba, 1).data], [18]);
});

Deno.test("toChannels keeps every grey level when a grey image was written as RGB", () => {
  const levels = Uint8Array.from({ length: 256 }, (_, i) => i);
  const grey: Image = { width: 256, height: 1, channels: 1, data: levels };
  assert.deepEqual(toChannels(toChannels(grey, 3), 1).data, levels);
  assert.equal(toChannels(grey, 1), grey);
});

Deno.test("toChannels refuses other numbers of channels", () => {
  const grey: Image = { width: 1, height: 1, channels: 1, data: new Uint8Array(1) };
  assert.throws(() => toChannels(grey, 4 as 3), { code: "invalid_argument" });
});
