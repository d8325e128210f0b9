import assert from "node:assert/strict";
import { unpack } from "../../../src/engines/wasm/unpack.ts";
import { pack } from "../../../tools/_pack.ts";
import { Random } from "../../conformance/_random.ts";

Deno.test("bytes as they are, near and far repetitions", () => {
  const many = Array.from({ length: 320 }, (_, i) => i * 7 & 255);
  const packed = [
    ...[2, 10, 20, 30],
    // 4 bytes from 2 before: some that are just written, too.
    ...[65, 1],
    ...[0, 64, 128, 192, 256].flatMap((from) => [63, ...many.slice(from, from + 64)]),
    // 3 bytes from 327 before, the first ones.
    ...[160, 326 & 255, 326 >> 8],
    ...[0, 99],
  ];
  const expected = [10, 20, 30, 20, 30, 20, 30, ...many, 10, 20, 30, 99];
  assert.deepEqual([...unpack(Uint8Array.from(packed), expected.length)], expected);
});

/** Bytes of a few kinds: noise, runs, and repetitions from near and far. */
function sample(random: Random, length: number): Uint8Array {
  const bytes: number[] = [];
  while (bytes.length < length) {
    const count = random.integer(1, 200);
    const from = random.integer(0, bytes.length);
    if (random.chance(0.4)) bytes.push(...bytes.slice(from, from + count));
    else if (random.chance(0.5)) bytes.push(...Array(count).fill(random.integer(0, 255)));
    else for (let i = 0; i < count; i++) bytes.push(random.integer(0, 255));
  }
  return Uint8Array.from(bytes.slice(0, length));
}

Deno.test("what is packed is unpacked", () => {
  const random = new Random(20261129);
  for (const length of [0, 1, 2, 3, 64, 65, 99, 257, 1000, 5000, 70_000]) {
    const bytes = sample(random, length);
    const packed = pack(bytes);
    assert.deepEqual(unpack(packed, length), bytes);
    assert.ok(packed.length <= length + Math.ceil(length / 64), `${packed.length} of ${length}`);
    assert.deepEqual(pack(bytes), packed);
  }
  const run = pack(new Uint8Array(9800));
  assert.equal(run.length, 2 + 2 * 100);
});
