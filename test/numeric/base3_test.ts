import assert from "node:assert/strict";
import { base3Bytes, isBase3, packBase3, unpackBase3 } from "../../src/numeric/base3.ts";
import { trits } from "../program/_ternary.ts";

Deno.test("base 3: five trits a byte, the first one most significant", () => {
  assert.deepEqual([...packBase3(Int8Array.of(1, 0, -1, 0, 1))], [2 * 81 + 27 + 0 + 3 + 2]);
  assert.deepEqual([...packBase3(Int8Array.of(-1, -1, -1, -1, -1, 1))], [0, 2 * 81 + 40]);
  assert.deepEqual([...packBase3(new Int8Array(0))], []);
  // Every byte, with the digits that `toString(3)` writes.
  for (let byte = 0; byte < 243; byte++) {
    const digits = byte.toString(3).padStart(5, "0");
    assert.deepEqual([...unpackBase3(Uint8Array.of(byte), 5)], [...digits].map((d) => +d - 1));
  }
});

Deno.test("base 3: any number of trits comes back", () => {
  for (let count = 0; count < 64; count++) {
    const given = trits(1, count, count);
    const bytes = packBase3(given);
    assert.equal(bytes.length, base3Bytes(count));
    assert.ok(isBase3(bytes));
    assert.deepEqual(unpackBase3(bytes, count), given);
  }
});

const refused = { name: "FewbitError", code: "invalid_argument" };

Deno.test("base 3: what is not a trit is refused", () => {
  for (const bad of [2, 3, 4, 127, -2, -3, -128]) {
    for (let at = 0; at < 7; at++) {
      const given = new Int8Array(7);
      given[at] = bad;
      assert.throws(() => packBase3(given), { message: new RegExp(`Cannot pack ${bad} as`) });
    }
  }
  for (let byte = 243; byte < 256; byte++) {
    assert.ok(!isBase3(Uint8Array.of(0, byte, 0)));
    assert.throws(() => unpackBase3(Uint8Array.of(byte), 5), refused);
  }
  assert.throws(() => unpackBase3(Uint8Array.of(0), 6), refused);
  assert.throws(() => unpackBase3(Uint8Array.of(0, 0), 5), refused);
});
