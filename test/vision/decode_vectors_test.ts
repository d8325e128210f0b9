import assert from "node:assert/strict";
import { decodeImage } from "../../src/vision/decode.ts";
import images from "../vectors/images/images.json" with { type: "json" };
import { sha256 } from "./_hash.ts";

/** One file of make_images.py: Pillow's pixels by their hash (PNG) or as a PNG beside it (JPEG), or how we refuse it. */
interface Row {
  file: string;
  error?: string;
  width: number;
  height: number;
  channels: number;
  sha256?: string;
  pixels?: string;
}

/**
 * Most levels between jpeg-js and libjpeg-turbo 3, which round differently in the inverse DCT: one for a component, and
 * so up to three for a color. Upsampling and color conversion are equal to the bit.
 */
const JPEG_TOLERANCE = { component: 1, color: 3 };

function read(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`../vectors/images/${name}`, import.meta.url));
}

const refused = (images as Row[]).filter(({ error }) => error);
for (const { file, error } of refused) {
  Deno.test(`decodeImage ${file} is refused`, () => {
    assert.throws(() => decodeImage(read(file)), { code: error, message: /restart interval/ });
  });
}

for (const row of (images as Row[]).filter(({ error }) => !error)) {
  Deno.test(`decodeImage ${row.file} gives Pillow's pixels`, () => {
    const { data, ...shape } = decodeImage(read(row.file));
    assert.deepEqual(shape, { width: row.width, height: row.height, channels: row.channels });
    if (row.sha256) return assert.equal(sha256(data), row.sha256);
    const expected = decodeImage(read(row.pixels!)).data;
    const tolerance = row.channels === 1 ? JPEG_TOLERANCE.component : JPEG_TOLERANCE.color;
    const differences = data.map((value, i) => Math.abs(value - expected[i]));
    assert.ok(Math.max(...differences) <= tolerance, `${Math.max(...differences)} levels`);
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / data.length;
    assert.ok(mean < 0.25, `${mean} levels on average`);
  });
}
