import assert from "node:assert/strict";
import { decodeImage, type DecodeOptions } from "../../src/vision/decode.ts";
import { greyPng } from "./_png_chunks.ts";

const PNG = greyPng(2, 1, Uint8Array.of(0, 7, 8));

Deno.test("decodeImage takes bytes, buffers and blobs", async () => {
  const expected = { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 8) };
  assert.deepEqual(decodeImage(PNG), expected);
  assert.deepEqual(decodeImage(PNG.slice().buffer), expected);
  assert.deepEqual(await decodeImage(new Blob([PNG.slice()])), expected);
  await assert.rejects(decodeImage(new Blob(["?"])), { code: "invalid_file" });
});

Deno.test("decodeImage names the formats that it does not decode", () => {
  const cases: [string, string][] = [
    ["GIF", "GIF89a"],
    ["WebP", "RIFF\x10\0\0\0WEBPVP8 "],
    ["AVIF", "\0\0\0\x20ftypavif"],
    ["HEIF", "\0\0\0\x20ftypheic"],
    ["TIFF", "II*\0"],
    ["TIFF", "MM\0*"],
    ["BMP", "BM\0\0"],
    ["ICO", "\0\0\x01\0"],
    ["JPEG 2000", "\0\0\0\x0cjP  "],
    ["JPEG XL", "\0\0\0\x0cJXL "],
  ];
  for (const [name, start] of cases) {
    const bytes = Uint8Array.from(start, (letter) => letter.charCodeAt(0));
    assert.throws(() => decodeImage(bytes), {
      code: "unsupported",
      message: new RegExp(`: ${name} is not`),
    });
  }
});

Deno.test("decodeImage refuses what is no image", () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(0xff), new TextEncoder().encode("<svg/>")]) {
    assert.throws(() => decodeImage(bytes), { code: "invalid_file", message: /not a PNG or JPEG/ });
  }
  assert.throws(() => decodeImage("cat.png" as unknown as Uint8Array), {
    code: "invalid_argument",
  });
});

Deno.test("decodeImage refuses bad options", () => {
  for (const value of [0, -1, NaN, Infinity, "1" as unknown as number]) {
    for (const options of [{ maxPixels: value }, { maxMemoryMiB: value }] as DecodeOptions[]) {
      assert.throws(() => decodeImage(PNG, options), { code: "invalid_argument" });
    }
  }
});
