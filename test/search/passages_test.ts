/** Texts as passages; a token is a word here. */
import assert from "node:assert/strict";
import { splitPassages } from "../../src/search/passages.ts";

const words = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

Deno.test("passages are whole lines, and share what fits the overlap", async () => {
  const text = "a b\nc d\r\n\n\ne f\ng h i\nj";
  assert.deepEqual(
    await splitPassages(text, words, { tokens: 5, overlap: 2 }),
    [
      { firstLine: 1, lastLine: 2, text: "a b\nc d" },
      { firstLine: 2, lastLine: 5, text: "c d\n\n\ne f" },
      { firstLine: 5, lastLine: 6, text: "e f\ng h i" },
      { firstLine: 7, lastLine: 7, text: "j" },
    ],
  );
  assert.deepEqual((await splitPassages(text, words, { tokens: 100, overlap: 2 })).length, 1);
});

Deno.test("a line that is too long is split between words, a word never", async () => {
  const passages = await splitPassages("x\na b c d e f g", words, { tokens: 3, overlap: 0 });
  assert.deepEqual(passages.map(({ text }) => text), ["x", "a b c", "d e f", "g"]);
  assert.deepEqual(passages.map(({ lastLine }) => lastLine), [1, 2, 2, 2]);
  const letters = (text: string): number => text.replaceAll(/\s/g, "").length;
  assert.deepEqual(
    (await splitPassages("abcdef gh", letters, { tokens: 3, overlap: 0 })).map(({ text }) => text),
    ["abcdef", "gh"],
  );
});

Deno.test("every word of a text is in a passage, and none has too many", async () => {
  for (let i = 0; i < 200; i++) {
    const text = Array.from({ length: 80 }, (_, k) => `${k}${"\n ".charAt((k * i) % 5)}`).join(" ");
    for (const sizes of [{ tokens: 7, overlap: 3 }, { tokens: 4, overlap: 0 }]) {
      const passages = await splitPassages(text, words, sizes);
      const seen = new Set(passages.flatMap((passage) => passage.text.split(/\s+/)));
      for (let k = 0; k < 80; k++) assert.ok(seen.has(String(k)), `${i}: ${k}`);
      for (const passage of passages) {
        assert.ok(words(passage.text) <= sizes.tokens);
        assert.equal(passage.text.split("\n").length - 1, passage.lastLine - passage.firstLine);
      }
    }
  }
});

Deno.test("blank texts have no passages", async () => {
  assert.deepEqual(await splitPassages("", words, { tokens: 5, overlap: 2 }), []);
  assert.deepEqual(await splitPassages(" \n\n\t\n", words, { tokens: 5, overlap: 2 }), []);
});
