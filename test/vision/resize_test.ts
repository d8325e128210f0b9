import assert from "node:assert/strict";
import type { Image } from "../../src/vision/image.ts";
import { type Interpolation, INTERPOLATIONS, resize } from "../../src/vision/resize.ts";
import vectors from "../vectors/resize_pil.json" with { type: "json" };
import { sha256 } from "./_hash.ts";
import { Stream } from "./_seeded.ts";

/** A case of resize_pil.json, made by shared/golden/ivit/make_vectors.py; small results are there in full. */
type Case =
  & { in: number[]; out: number[]; pixels?: number[] }
  & { [K in `${Interpolation}_sha256`]: string }
  & { [K in Interpolation]?: number[] };

const stream = new Stream(77);
for (const test of vectors.cases as Case[]) {
  const [height, width, channels] = test.in;
  const image = { width, height, channels, data: stream.bytes(height * width * channels) } as Image;
  const [outHeight, outWidth] = test.out;
  for (const filter of INTERPOLATIONS) {
    Deno.test(`resize ${width}x${height}x${channels} to ${outWidth}x${outHeight}, ${filter}, equals Pillow`, () => {
      if (test.pixels) assert.deepEqual([...image.data], test.pixels);
      const result = resize(image, outWidth, outHeight, filter);
      assert.deepEqual([result.width, result.height, result.channels], [
        outWidth,
        outHeight,
        channels,
      ]);
      if (test[filter]) assert.deepEqual([...result.data], test[filter]);
      assert.equal(sha256(result.data), test[`${filter}_sha256`]);
    });
  }
}

function grey(width: number, height: number, fill = 0): Image {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(fill) };
}

Deno.test("resize to the same size copies", () => {
  const image = grey(3, 2, 9);
  const result = resize(image, 3, 2, "lanczos");
  assert.deepEqual(result, image);
  assert.notEqual(result.data, image.data);
});

Deno.test("resize keeps a flat image flat with every filter, up and down", () => {
  for (const filter of INTERPOLATIONS) {
    for (const [width, height] of [[1, 1], [7, 3], [200, 190]]) {
      assert.ok(
        resize(grey(31, 57, 203), width, height, filter).data.every((value) => value === 203),
      );
    }
  }
});

Deno.test("resize does not let transparent pixels bleed", () => {
  const image: Image = {
    width: 2,
    height: 1,
    channels: 4,
    data: Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 0),
  };
  assert.deepEqual([...resize(image, 1, 1, "bilinear").data], [255, 0, 0, 128]);
});

Deno.test("resize refuses bad sizes, filters and images", () => {
  for (const size of [0, -1, 1.5, NaN, Infinity, 65_536, 2 ** 40]) {
    assert.throws(() => resize(grey(2, 2), size, 2, "bilinear"), { code: "invalid_argument" });
    assert.throws(() => resize(grey(2, 2), 2, size, "nearest"), { code: "invalid_argument" });
  }
  assert.throws(() => resize(grey(2, 2), 65_535, 65_535, "nearest"), { code: "invalid_argument" });
  assert.throws(() => resize(grey(2, 2), 2, 2, "hamming" as Interpolation), {
    code: "invalid_argument",
    message: /hamming/,
  });
  assert.throws(() => resize({ ...grey(2, 2), data: new Uint8Array(3) }, 2, 2, "bilinear"), {
    code: "invalid_argument",
  });
});
