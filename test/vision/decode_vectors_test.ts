import assert from "node:assert/strict";
import { decodeImage } from "../../src/vision/decode.ts";
import images from "../vectors/images/images.json" with { type: "json" };
import { sha256 } from "./_hash.ts";

for (const { file, width, height, channels, sha256: expected } of images) {
  Deno.test(`decodeImage ${file} gives Pillow's pixels, to the bit`, () => {
    const bytes = Deno.readFileSync(new URL(`../vectors/images/${file}`, import.meta.url));
    const { data, ...shape } = decodeImage(bytes);
    assert.deepEqual(shape, { width, height, channels });
    assert.equal(sha256(data), expected);
  });
}
