import assert from "node:assert/strict";
import { prefixCode } from "../../src/vision/_prefix_code.ts";

Deno.test("prefixCode builds the code of RFC 1951's example", () => {
  // Symbols A to H with the codes 010, 011, 100, 101, 110, 00, 1110, 1111, first bit lowest in the table's index.
  const { table, bits } = prefixCode(Uint8Array.of(3, 3, 3, 3, 3, 2, 4, 4));
  assert.equal(bits, 4);
  const codes = ["010", "011", "100", "101", "110", "00", "1110", "1111"];
  codes.forEach((code, symbol) => {
    const index = parseInt([...code].reverse().join(""), 2);
    assert.equal(table[index], symbol << 4 | code.length);
  });
  assert.ok(table.every((entry) => entry > 0));
});

Deno.test("prefixCode takes a single code of one bit and no code at all", () => {
  assert.deepEqual([...prefixCode(Uint8Array.of(0, 1)).table], [1 << 4 | 1, 0]);
  assert.deepEqual([...prefixCode(Uint8Array.of(0, 0)).table], [0, 0]);
});

Deno.test("prefixCode refuses codes that are incomplete or have too many symbols", () => {
  for (const lengths of [[2, 2, 2], [1, 3], [15], [1, 1, 1], [1, 2, 2, 2]]) {
    assert.throws(
      () => prefixCode(Uint8Array.from(lengths)),
      { code: "invalid_file" },
      lengths.join(),
    );
  }
});
