/** What is packed comes back, whatever it is. */
import assert from "node:assert/strict";
import { unpack } from "../../../src/engines/wasm/unpack.ts";
import { pack } from "../../../tools/_pack.ts";

const random = (seed: number) => (): number => (seed = Math.imul(seed, 48271) >>> 0) / 2 ** 32;

Deno.test("unpack: bytes of all kinds come back, and repeated ones take less room", () => {
  const next = random(7);
  const noise = Uint8Array.from({ length: 3000 }, () => next() * 256);
  const kinds: readonly (readonly [name: string, bytes: Uint8Array, most: number])[] = [
    ["nothing", new Uint8Array(0), 0],
    ["one byte", Uint8Array.of(7), 2],
    ["noise", noise, 3100],
    ["zeros", new Uint8Array(3000), 6],
    ["noise twice", Uint8Array.of(...noise, ...noise), 3110],
    [
      "noise, changed here and there",
      Uint8Array.of(...noise, ...noise.map((b, i) => i % 100 ? b : 1)),
      3400,
    ],
    ["few values", Uint8Array.from({ length: 5000 }, () => next() * 3), 2600],
  ];
  for (const [name, bytes, most] of kinds) {
    const packed = pack(bytes);
    assert.deepEqual(unpack(packed, bytes.length), bytes, name);
    assert.ok(packed.length <= most, `${name}: ${packed.length}`);
  }
});

Deno.test("unpack: literals, a copy, and a copy from as far back", () => {
  // 3 literals and 4 copied from 3 back; 15 literals in the next number; 3 from 3 back again.
  const bytes = Uint8Array.of(1, 2, 3, 1, 2, 3, 1, ...Array(20).fill(0).map((_, i) => 50 + i));
  const packed = Uint8Array.of(0x31, 1, 2, 3, 3, 0xF0, 5, ...bytes.subarray(7), 0);
  assert.deepEqual(unpack(packed, 30), Uint8Array.of(...bytes, 67, 68, 69));
});
