import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import { checkImage } from "../../src/vision/image.ts";
import images from "../vectors/images/images.json" with { type: "json" };
import { repairChecksums } from "./_png_chunks.ts";
import { Stream } from "./_seeded.ts";

const MUTANTS = Number(Deno.env.get("FEWBIT_MUTANTS") ?? 2000);
const CODES = ["invalid_file", "unsupported", "limit_exceeded"];
const MAX_MS = 2000;
const MAX_BYTES = 1e9;

/** A copy with some bits flipped, bytes replaced, a piece cut out or doubled, or the end cut off. */
function mutate(bytes: Uint8Array, stream: Stream): Uint8Array {
  let out = bytes.slice();
  for (let count = 1 + stream.below(4); count > 0 && out.length > 4; count--) {
    const at = stream.below(2) ? stream.below(out.length) : stream.below(Math.min(out.length, 60));
    const size = 1 + stream.below(8);
    switch (stream.below(6)) {
      case 0:
        out[at] ^= 1 << stream.below(8);
        break;
      case 1:
        out[at] = stream.below(256);
        break;
      case 2:
        out[at] = [0, 1, 0x7f, 0x80, 0xff][stream.below(5)];
        break;
      case 3:
        out = Uint8Array.of(...out.subarray(0, at), ...out.subarray(at + size));
        break;
      case 4:
        out = Uint8Array.of(...out.subarray(0, at + size), ...out.subarray(at));
        break;
      default:
        if (count === 1) out = out.slice(0, at);
    }
  }
  return out;
}

Deno.test(`decodeImage decodes ${MUTANTS} mutants of PNG and JPEG files or refuses them with its own error`, () => {
  const files = images.map(({ file }) =>
    Deno.readFileSync(new URL(`../vectors/images/${file}`, import.meta.url))
  );
  const stream = new Stream(3);
  const counts = { decoded: 0, refused: 0 };
  for (let i = 0; i < MUTANTS; i++) {
    const which = stream.below(files.length);
    const bytes = mutate(files[which], stream);
    // Half of the PNGs get past their checksums.
    if (stream.below(2)) repairChecksums(bytes);
    const start = performance.now();
    try {
      checkImage(decodeImage(bytes));
      counts.decoded++;
    } catch (error) {
      const isExpected = error instanceof FewbitError && CODES.includes(error.code);
      assert.ok(
        isExpected,
        `mutant ${i} of ${images[which].file}: ${error instanceof Error ? error.stack : error}`,
      );
      counts.refused++;
    }
    assert.ok(
      performance.now() - start < MAX_MS,
      `mutant ${i} of ${images[which].file} took too long`,
    );
  }
  assert.ok(counts.decoded > 0 && counts.refused > MUTANTS / 2, JSON.stringify(counts));
  // Of this test alone: other tests run in the same process.
  const { heapTotal, external } = Deno.memoryUsage();
  assert.ok(heapTotal + external < MAX_BYTES, `${heapTotal} + ${external} bytes`);
});
