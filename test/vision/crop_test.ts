import assert from "node:assert/strict";
import { centerCrop, resizeShorterSide } from "../../src/vision/crop.ts";
import type { Image } from "../../src/vision/image.ts";

/** An image whose pixels are `10 * y + x`. */
function numbered(width: number, height: number): Image {
  const data = Uint8Array.from(
    { length: width * height },
    (_, i) => 10 * Math.trunc(i / width) + i % width,
  );
  return { width, height, channels: 1, data };
}

Deno.test("centerCrop rounds margins half to even, as torchvision", () => {
  // int(round((n - 4) / 2.0)) in Python.
  const expected = [0, 0, 1, 2, 2, 2, 3];
  expected.forEach((left, i) => {
    assert.equal(centerCrop(numbered(4 + i, 1), 4, 1).data[0], left, `${4 + i} to 4 columns`);
    assert.equal(centerCrop(numbered(1, 4 + i), 1, 4).data[0], 10 * left, `${4 + i} to 4 rows`);
  });
});

Deno.test("centerCrop surrounds a smaller image with zeros, one more right and below", () => {
  const image: Image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const { data, ...shape } = centerCrop(image, 3, 4);
  assert.deepEqual(shape, { width: 3, height: 4, channels: 3 });
  const row = [1, 2, 3, 4, 5, 6, 0, 0, 0], none = Array(9).fill(0);
  assert.deepEqual([...data], [...none, ...row, ...none, ...none]);
});

Deno.test("centerCrop cuts one side and pads the other", () => {
  assert.deepEqual([...centerCrop(numbered(4, 1), 2, 3).data], [0, 0, 1, 2, 0, 0]);
});

Deno.test("centerCrop copies an image of the right size", () => {
  const image = numbered(3, 3);
  const result = centerCrop(image, 3, 3);
  assert.deepEqual(result, image);
  assert.notEqual(result.data, image.data);
});

Deno.test("resizeShorterSide truncates the longer side", () => {
  const sizeOf = (width: number, height: number, size: number) => {
    const result = resizeShorterSide(numbered(width, height), size);
    return [result.width, result.height];
  };
  assert.deepEqual(sizeOf(500, 375, 256), [341, 256]);
  assert.deepEqual(sizeOf(375, 500, 256), [256, 341]);
  assert.deepEqual(sizeOf(7, 7, 3), [3, 3]);
  assert.deepEqual(sizeOf(100, 1, 2), [200, 2]);
});

Deno.test("centerCrop and resizeShorterSide refuse bad sizes", () => {
  for (const bad of [0, -3, 1.5, NaN, Infinity, 1e6]) {
    assert.throws(() => centerCrop(numbered(2, 2), bad, 1), { code: "invalid_argument" });
    assert.throws(() => centerCrop(numbered(2, 2), 1, bad), { code: "invalid_argument" });
    assert.throws(() => resizeShorterSide(numbered(2, 2), bad), { code: "invalid_argument" });
  }
  assert.throws(() => resizeShorterSide(numbered(9, 1), 60_000), { code: "invalid_argument" });
});
