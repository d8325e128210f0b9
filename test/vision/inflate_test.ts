import assert from "node:assert/strict";
import { constants, deflateSync } from "node:zlib";
import { inflateZlib } from "../../src/vision/_inflate.ts";
import { concat } from "./_png_chunks.ts";
import { Stream } from "./_seeded.ts";

const stream = new Stream(2);

/** The first `size` bytes of a stream, which is given in parts of some bytes. */
function inflate(deflated: Uint8Array, size: number, partBytes = deflated.length): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < deflated.length; at += partBytes) {
    parts.push(deflated.subarray(at, at + partBytes), new Uint8Array());
  }
  const pieces: Uint8Array[] = [];
  inflateZlib(parts, size, (piece) => pieces.push(piece.slice()));
  return concat(...pieces);
}

/** Bytes of which some are random, some repeat and some are of one value. */
function mixture(length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let total = 0; total < length;) {
    const size = 1 + stream.below(5000);
    const kind = stream.below(3);
    const part = kind === 0
      ? stream.bytes(size)
      : kind === 1 && parts.length > 0
      ? parts[stream.below(parts.length)]
      : new Uint8Array(size).fill(stream.below(256));
    parts.push(part);
    total += part.length;
  }
  return concat(...parts).subarray(0, length);
}

Deno.test("inflateZlib gives back what zlib deflates, with every level and strategy", () => {
  for (const length of [0, 1, 2, 258, 65_536, 300_001]) {
    const bytes = mixture(length);
    for (const level of [0, 1, 6, 9]) {
      for (
        const strategy of [
          constants.Z_DEFAULT_STRATEGY,
          constants.Z_HUFFMAN_ONLY,
          constants.Z_RLE,
          constants.Z_FIXED,
        ]
      ) {
        const deflated = deflateSync(bytes, { level, strategy });
        assert.deepEqual(inflate(deflated, length), bytes);
        assert.deepEqual(inflate(deflated, length, 1000), bytes);
      }
    }
  }
});

Deno.test("inflateZlib refuses every truncation that lacks bytes, and larger sizes; a smaller one is a part", () => {
  const bytes = mixture(700);
  for (const level of [0, 9]) {
    const deflated = new Uint8Array(deflateSync(bytes, { level }));
    let whole = 0;
    for (let length = 0; length < deflated.length; length++) {
      const part = deflated.subarray(0, length);
      try {
        assert.deepEqual(inflate(part, 700, 7), bytes);
        whole++;
      } catch (error) {
        assert.equal((error as { code?: string }).code, "invalid_file", String(error));
      }
    }
    // The checksum, and at most the end of the block.
    assert.ok(whole >= 4 && whole <= 6, `${whole}`);
    for (const size of [701, 1e9]) {
      assert.throws(() => inflate(deflated, size), { code: "invalid_file" });
    }
    for (const size of [0, 1, 699]) {
      assert.deepEqual(inflate(deflated, size), bytes.subarray(0, size));
    }
  }
});

Deno.test("inflateZlib never gives other bytes for a flipped bit", () => {
  const bytes = mixture(300);
  for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED]) {
    const deflated = new Uint8Array(deflateSync(bytes, { strategy }));
    let refused = 0;
    for (let bit = 0; bit < deflated.length * 8; bit++) {
      const damaged = deflated.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      let result = bytes;
      try {
        result = inflate(damaged, bytes.length);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "invalid_file", String(error));
        refused++;
      }
      // A few bits mean nothing: padding, lengths of codes that are not used.
      assert.deepEqual(result, bytes);
    }
    assert.ok(refused > deflated.length * 6, `${refused} of ${deflated.length * 8}`);
  }
});
