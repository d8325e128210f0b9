import assert from "node:assert/strict";
import { readIdx } from "../../src/formats/idx.ts";
import { assertRejects } from "./_assert.ts";
import { join, utf8 } from "./_join.ts";
import { checkMutations } from "./_mutate.ts";

function idx(type: number, shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const extents = shape.flatMap((extent) => [extent >>> 24, extent >>> 16, extent >>> 8, extent]);
  return join([0, 0, type, shape.length], extents, data);
}

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([join(bytes)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

Deno.test("idx: every element type reads, big-endian", async () => {
  const cases: [number, number[], string, number[]][] = [
    [0x08, [1, 255], "u8", [1, 255]],
    [0x09, [1, 255], "i8", [1, -1]],
    [0x0b, [0, 1, 255, 254], "i16", [1, -2]],
    [0x0c, [0, 0, 1, 0, 255, 255, 255, 255], "i32", [256, -1]],
    [0x0d, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], "f32", [1.5, -2]],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], "f64", [1.5, -2]],
  ];
  for (const [type, data, dtype, values] of cases) {
    const tensor = await readIdx(idx(type, [2, 1], data));
    assert.equal(tensor.dtype, dtype);
    assert.deepEqual(tensor.shape, [2, 1]);
    assert.deepEqual([...tensor.data as Iterable<number>], values);
  }
  assert.deepEqual((await readIdx(idx(8, [], [7]))).shape, []);
});

Deno.test("idx: gzip is detected and limited", async () => {
  const bytes = await gzip(idx(8, [1000, 1000], new Uint8Array(1_000_000)));
  assert.deepEqual((await readIdx(bytes)).shape, [1000, 1000]);
  assert.deepEqual((await readIdx(bytes, { maxBytes: 1_000_012 })).shape, [1000, 1000]);
  await assertRejects(readIdx(bytes, { maxBytes: 1_000_011 }), "limit_exceeded", /1000011 bytes/);
  for (const maxBytes of [NaN, -1]) {
    await assertRejects(readIdx(bytes, { maxBytes }), "invalid_argument", /maxBytes is/);
  }
});

Deno.test("idx: a file that grows a thousand times stops at the limit", async () => {
  const bomb = await gzip(new Uint8Array(50_000_000));
  const start = performance.now();
  await assertRejects(readIdx(bomb, { maxBytes: 1_000_000 }), "limit_exceeded", /1000000 bytes/);
  assert.ok(performance.now() - start < 1_000);
});

Deno.test("idx: broken files are refused", async () => {
  const compressed = await gzip(idx(8, [2], [1, 2]));
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /does not start with/],
    [utf8("abcd"), /does not start with/],
    [idx(0x0a, [], [1]), /element type 10 is unknown/],
    [idx(8, [2, 2], []).subarray(0, 8), /the extents of rank 2 exceed/],
    [idx(8, [3], [1, 2]), /has 2 bytes of data, expected 3 for \[3\]/],
    [idx(8, [1], [1, 2]), /has 2 bytes of data, expected 1 for \[1\]/],
    [idx(8, [0xffffffff, 0xffffffff], []), /more than 2\^53 - 1 elements/],
    [compressed.subarray(0, -1), /compressed data is corrupt/],
    [compressed.subarray(0, 12), /compressed data is corrupt/],
    [compressed.with(-6, 0), /compressed data is corrupt/],
    [join(compressed, [1, 2, 3]), /compressed data is corrupt/],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(readIdx(bytes), "invalid_file", message);
  }
});

Deno.test("idx: damaged files are read or refused", async () => {
  const bytes = idx(0x0c, [2, 3], new Uint8Array(24));
  await checkMutations(bytes, readIdx);
  await checkMutations(await gzip(bytes), readIdx);
});
