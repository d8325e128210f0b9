import assert from "node:assert/strict";
import { expandVocabulary, listVocabulary } from "../../src/text/vocabulary_list.ts";

const wordPiece = (vocab: unknown) => ({ model: { type: "WordPiece", unk_token: "[UNK]", vocab } });

Deno.test("a vocabulary without gaps becomes a list and comes back", () => {
  const whole = wordPiece({ "[UNK]": 0, "##s": 2, "12": 1, "__proto__x": 3 });
  const listed = listVocabulary(whole);
  assert.deepEqual(listed, wordPiece(["[UNK]", "12", "##s", "__proto__x"]));
  assert.deepEqual(expandVocabulary(listed), whole);
  assert.equal(listVocabulary(listed), listed);
});

Deno.test("what is no such vocabulary stays as it is", () => {
  for (
    const other of [
      wordPiece({ "[UNK]": 0, a: 2 }),
      wordPiece({ "[UNK]": 0, a: 0 }),
      { model: { type: "BPE", vocab: { a: 0 }, merges: [] } },
      { model: { type: "Unigram", vocab: [["a", 0]] } },
      { model: null },
      {},
    ]
  ) {
    assert.equal(listVocabulary(other), other);
    assert.equal(expandVocabulary(other), other);
  }
  assert.equal(expandVocabulary(undefined), undefined);
});
