/** What is packed comes back, whatever it is. */
import assert from "node:assert/strict";
import { CHARACTERS, unpack } from "../../src/numeric/unpack.ts";
import { BitText } from "../../tools/_bit_text.ts";
import { pack } from "../../tools/_pack.ts";
import { canonicalCodes, codeLengths } from "../../tools/_prefix_code.ts";

const random = (seed: number) => (): number => (seed = Math.imul(seed, 48271) >>> 0) / 2 ** 32;

Deno.test("unpack: bytes of all kinds come back, and repeated ones take less room", () => {
  const next = random(7);
  const noise = Uint8Array.from({ length: 3000 }, () => next() * 256);
  const kinds: readonly (readonly [name: string, bytes: Uint8Array, most: number])[] = [
    ["nothing", new Uint8Array(0), 30],
    ["one byte", Uint8Array.of(7), 30],
    ["noise", noise, 4000],
    ["zeros", new Uint8Array(3000), 40],
    ["noise twice", Uint8Array.of(...noise, ...noise), 4010],
    [
      "noise, changed here and there",
      Uint8Array.of(...noise, ...noise.map((b, i) => i % 100 ? b : 1)),
      4200,
    ],
    ["few values", Uint8Array.from({ length: 5000 }, () => next() * 3), 1700],
    ["every byte", Uint8Array.from({ length: 256 }, (_, i) => i), 500],
    ["two regions", Uint8Array.from({ length: 9000 }, (_, i) => i < 4500 ? i % 7 : i * i), 1500],
  ];
  // What follows a byte is known by it: one of two values each, four bytes a bit or more.
  const kind = (i: number): number => [0x20, 0x41, 0xFD, 0x7F, 0x80][i >> 1];
  const told = Uint8Array.from(
    { length: 20_000 },
    (_, i) => i % 2 === 0 ? kind(next() * 10) : 0,
  );
  for (let i = 1; i < told.length; i += 2) told[i] = told[i - 1] ^ (next() < 0.5 ? 1 : 2);
  for (const [name, bytes, most] of [...kinds, ["told", told, 6800] as const]) {
    const packed = pack(bytes);
    assert.deepEqual(unpack(packed, bytes.length), bytes, name);
    assert.ok(packed.length <= most, `${name}: ${packed.length}`);
    assert.ok([...packed].every((character) => CHARACTERS.includes(character)), name);
  }
});

Deno.test("unpack: literals, copies from as far back as before, numbers", () => {
  const text = new BitText();
  // Codes of three bits: of steps 0x31 and 0xF0; of literals 1 to 8; of numbers 0 to 3, 4 and 5.
  const lengths = (size: number, symbols: readonly number[]): void => {
    for (let i = 0; i < size; i++) {
      const is = symbols.includes(i);
      text.put(is ? 3 : 0, 4);
      if (is) continue;
      const more = [...Array(255).keys()].findIndex((n) =>
        i + 1 + n >= size || symbols.includes(i + 1 + n)
      );
      text.put(more, 8);
      i += more;
    }
  };
  text.put(0, 1); // one code of literals
  lengths(256, [0x01, 0x31, 0xF0]);
  lengths(42, [0, 1, 2, 3, 4, 5]);
  lengths(256, [1, 2, 3, 4, 5, 6, 7, 8]);
  const put = (...codes: number[]): void => codes.forEach((code) => text.put(code, 3));
  put(1, 0, 1, 2); // 1 2 3, 4 bytes
  put(4);
  text.put(0, 1); // number 4: from 3 back
  put(2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1); // 15 + 3 literals, 3 bytes
  put(3); // from 2 back
  put(0); // nothing, 4 bytes
  put(1); // from 3 back again
  put(0);
  put(0); // and again
  const first = [1, 2, 3, 1, 2, 3, 1];
  const literals = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2];
  const rest = [1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2];
  const bytes = Uint8Array.of(...first, ...literals, ...rest);
  assert.deepEqual(unpack(text.finish(), bytes.length), bytes);
});

Deno.test("prefix codes: the least sum of bits within the limit, and no code begins another", () => {
  const next = random(3);
  for (const most of [3, 5, 12]) {
    for (let size = 1; size <= 2 ** most && size <= 40; size++) {
      const counts = Array.from(
        { length: size },
        (_, i) => Math.floor(2 ** (20 * next())) * (i % 5),
      );
      const used = counts.filter((count) => count > 0).length;
      const lengths = codeLengths(counts, most);
      assert.ok(lengths.every((bits, i) => bits <= most && (bits > 0) === counts[i] > 0));
      const kraft = lengths.reduce((sum, bits) => sum + (bits > 0 ? 2 ** -bits : 0), 0);
      assert.ok(used < 2 ? kraft <= 1 : kraft === 1, `${kraft}`);
      const codes = canonicalCodes(lengths);
      const texts = [...codes].map((code, i) => code.toString(2).padStart(lengths[i], "0"))
        .filter((_, i) => lengths[i] > 0);
      for (const a of texts) assert.ok(texts.every((b) => a === b || !b.startsWith(a)));
      const sum = (bits: ArrayLike<number>): number =>
        counts.reduce((all, count, i) => all + count * bits[i], 0);
      if (used > 1 && used <= 6) assert.equal(sum(lengths), leastSum(counts, most));
    }
  }
});

/** The least sum of all trees, tried one by one. */
function leastSum(counts: readonly number[], most: number): number {
  const used = counts.filter((count) => count > 0).sort((a, b) => b - a);
  let least = Infinity;
  const visit = (i: number, from: number, room: number, sum: number): void => {
    if (i === used.length) {
      if (room >= 0) least = Math.min(least, sum);
      return;
    }
    for (let bits = from; bits <= most; bits++) {
      visit(i + 1, bits, room - 2 ** -bits, sum + bits * used[i]);
    }
  };
  visit(0, 1, 1, 0);
  return least;
}
