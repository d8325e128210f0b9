import assert from "node:assert/strict";
import fc from "./_fast_check.ts";
import { Detokenizer } from "../../src/text/detokenizer.ts";
import { tokenizerOf, VECTORS } from "./_vectors.ts";

const NAMES = VECTORS.map(({ name }) => name);

for (const name of NAMES) {
  Deno.test(`${name}: the pieces of any ids are their text`, () => {
    const tokenizer = tokenizerOf(name);
    const ids = fc.array(fc.nat(tokenizer.vocabSize + 3), { maxLength: 60 });
    fc.assert(
      fc.property(ids, fc.boolean(), (ids, skipSpecialTokens) => {
        const detokenizer = new Detokenizer(tokenizer, { skipSpecialTokens });
        const text = ids.map((id) => detokenizer.push(id)).join("") + detokenizer.flush();
        assert.equal(
          text,
          tokenizer.decode(ids, { skipSpecialTokens, cleanUpSpaces: false, lossyBytes: true }),
        );
      }),
      { numRuns: 1500, seed: 2 },
    );
  });

  Deno.test(`${name}: a text comes in whole characters, also from a saved detokenizer`, () => {
    const tokenizer = tokenizerOf(name);
    const text = "naïve 🙂👩‍👩‍👧 日本語 नमस्ते the dog \ufffd \u0000end";
    const { ids } = tokenizer.encode(text);
    const expected = tokenizer.decode(ids, { skipSpecialTokens: true, lossyBytes: true });
    let detokenizer = new Detokenizer(tokenizer);
    let reached = "";
    for (const id of ids) {
      const saved = JSON.parse(JSON.stringify(detokenizer.state));
      assert.ok(saved.ids.length <= 8);
      detokenizer = new Detokenizer(tokenizer, { state: saved });
      const piece = detokenizer.push(id);
      assert.ok(piece.isWellFormed());
      reached += piece;
      assert.ok(expected.startsWith(reached), JSON.stringify(reached));
    }
    assert.equal(reached + detokenizer.flush(), expected);
  });
}

Deno.test("bytes are held back until the character is complete or the text ends", () => {
  const tokenizer = tokenizerOf("sentence_piece");
  const byte = (value: number) => 3 + value;
  const detokenizer = new Detokenizer(tokenizer);
  const euro = [0xe2, 0x82, 0xac].map(byte);
  assert.deepEqual(euro.map((id) => detokenizer.push(id)), ["", "", "€"]);
  assert.equal(detokenizer.push(byte(0xf0)), "");
  assert.equal(detokenizer.push(byte(0x41)), "\ufffdA");
  assert.equal(detokenizer.push(byte(0xf0)), "");
  assert.equal(detokenizer.flush(), "\ufffd");
  assert.equal(detokenizer.flush(), "");
  // Bytes that never become a character are handed out, one behind.
  const endless = Array.from({ length: 100 }, () => detokenizer.push(byte(0xff)));
  assert.deepEqual(endless, ["", ...new Array(99).fill("\ufffd")]);
  assert.equal(detokenizer.state.ids.length, 8);
});

Deno.test("after a prompt the first word begins with its space", () => {
  const tokenizer = tokenizerOf("sentence_piece");
  const { ids } = tokenizer.encode("dog dog \ufffd", { addSpecialTokens: false });
  const space = tokenizer.encode("the", { addSpecialTokens: false }).ids;
  const join = (detokenizer: Detokenizer) => [...space].map((id) => detokenizer.push(id)).join("");
  assert.equal(join(new Detokenizer(tokenizer)), "the");
  // The prompt's own U+FFFD is not handed out again.
  assert.equal(join(new Detokenizer(tokenizer, { context: ids })), " the");
  const special = [...ids, ...new Array(20).fill(2)];
  assert.equal(join(new Detokenizer(tokenizer, { context: special })), " the");
});

Deno.test("ids without text do not push the beginning of a character out", () => {
  const tokenizer = tokenizerOf("sentence_piece");
  const nothing = new Array(20).fill(tokenizer.vocabSize);
  const ids = [3 + 0xe2, ...nothing, 3 + 0x82, ...nothing, 3 + 0xac];
  const detokenizer = new Detokenizer(tokenizer);
  assert.equal(ids.map((id) => detokenizer.push(id)).join(""), "€");
  assert.equal(detokenizer.flush(), "");
});
