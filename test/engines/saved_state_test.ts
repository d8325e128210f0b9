/** Saved states: what is damaged or another program's is refused, and changes nothing. */
import assert from "node:assert/strict";
import { decodeState, encodeState } from "../../src/engines/_saved_state.ts";

const ID = "00112233445566778899aabbccddeeff";
const PARTS = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];

Deno.test("a state is restored part by part", () => {
  const saved = encodeState(ID, PARTS);
  const parts = [new Uint8Array(3), new Uint8Array(2)];
  decodeState(ID, saved, parts);
  assert.deepEqual(parts, PARTS);
});

function refused(saved: Uint8Array, message: RegExp, id = ID): void {
  const parts = [Uint8Array.of(9, 9, 9), Uint8Array.of(9, 9)];
  assert.throws(() => decodeState(id, saved, parts), { code: "invalid_file", message });
  assert.deepEqual(parts.map((part) => [...part]), [[9, 9, 9], [9, 9]]);
}

Deno.test("every byte counts", () => {
  const saved = encodeState(ID, PARTS);
  for (let i = 0; i < saved.length; i++) {
    for (const bit of [1, 128]) {
      const damaged = saved.slice();
      damaged[i] ^= bit;
      refused(damaged, i >= 32 ? /: checksum/ : i < 4 ? /not a saved state/ : /checksum/);
    }
  }
});

Deno.test("another program's state, and one of another size", () => {
  const saved = encodeState(ID, PARTS);
  refused(saved, /another program's/, ID.replace("ff", "fe"));
  refused(saved.subarray(0, -1), /expected 37 bytes, got 36/);
  refused(new Uint8Array(40), /expected 37 bytes, got 40/);
  // A state with other parts of the same length in all has the same bytes.
  decodeState(ID, saved, [new Uint8Array(5)]);
});
