import assert from "node:assert/strict";
import { pairLengths } from "../../src/text/_pair_lengths.ts";
import { MAX_TEXT_LENGTH, Tokenizer } from "../../src/text/tokenizer.ts";
import { fails } from "./_fails.ts";
import { tokenizerOf, VECTORS, vectorsOf } from "./_vectors.ts";

for (const { name, tokenizer, config, cases } of VECTORS) {
  Deno.test(`${name}: ids and texts are those of the Rust tokenizers`, () => {
    const ours = Tokenizer.fromJson(tokenizer, config);
    for (const { text, pair, maxTokens, ids, decoded, decodedWithoutSpecial } of cases) {
      const encoded = ours.encode(text, { pair, maxTokens });
      const shown = JSON.stringify({ text, pair, maxTokens });
      assert.deepEqual([...encoded.ids], ids, shown);
      const whole = cases.find((other) =>
        other.text === text && other.pair === pair && other.maxTokens === undefined
      );
      assert.equal(encoded.tokens, whole?.ids.length, shown);
      assert.equal(encoded.truncated, ids.length < encoded.tokens, shown);
      assert.equal(ours.decode(ids), decoded, shown);
      assert.equal(ours.decode(ids, { skipSpecialTokens: true }), decodedWithoutSpecial, shown);
    }
  });
}

/** By tokenizers 0.23.3, with a vocabulary of `<unk> ▁ a b U+0085 \n space U+3000 \t`. */
const LEADS: readonly (readonly [normalizer: object, ids: readonly (readonly number[])[]])[] = [
  [
    { type: "Strip", strip_left: false, strip_right: true },
    [[1, 4, 2], [1, 5, 2, 1, 3], [1, 8, 2], [1, 7, 2], [1, 2], [1, 2], [], [1, 5, 5, 2]],
  ],
  [
    { type: "Strip", strip_left: true, strip_right: true },
    [[2], [2, 1, 3], [2], [2], [2], [1, 2], [], [2]],
  ],
  [
    { type: "Replace", pattern: { Regex: "\\s+$" }, content: "" },
    [[1, 4, 2], [1, 5, 2, 1, 3], [1, 8, 2], [1, 7, 2], [1, 2], [1, 2], [], [5, 2]],
  ],
];
const LEAD_TEXTS = ["\u0085a", "\na b", "\ta", "\u3000a", " a", "a", "\n", "\n\na"];

Deno.test(
  `the first piece is known by its first character, also where that vanishes alone (${
    LEADS.length * LEAD_TEXTS.length
  } texts)`,
  () => {
    const vocab = ["<unk>", "▁", "a", "b", "\u0085", "\n", " ", "\u3000", "\t"];
    const pre_tokenizer = { type: "Metaspace", replacement: "▁", prepend_scheme: "first" };
    const model = { type: "Unigram", unk_id: 0, vocab: vocab.map((token) => [token, -1]) };
    for (const [normalizer, ids] of LEADS) {
      const tokenizer = Tokenizer.fromJson({ normalizer, pre_tokenizer, model });
      assert.deepEqual(LEAD_TEXTS.map((text) => [...tokenizer.encode(text).ids]), ids);
    }
  },
);

Deno.test("ids, sizes and roles of tokens", () => {
  const pieces = tokenizerOf("sentence_piece");
  assert.deepEqual(pieces.specialIds, { bos: 1, eos: 2, unk: 0 });
  assert.equal(pieces.idToToken(1), "<s>");
  assert.equal(pieces.tokenToId("<0x00>"), 3);
  assert.equal(pieces.idToToken(pieces.vocabSize), undefined);
  assert.ok(pieces.idToToken(pieces.vocabSize - 1));
  assert.ok(pieces.isSpecial(1));
  assert.ok(!pieces.isSpecial(3));
  const { tokenizer } = vectorsOf("word_piece");
  assert.deepEqual(Tokenizer.fromJson(tokenizer).specialIds, { unk: 1 });
  const config = { cls_token: "[CLS]", sep_token: { content: "[SEP]" }, pad_token: "none" };
  assert.deepEqual(Tokenizer.fromJson(tokenizer, config).specialIds, { unk: 1, cls: 2, sep: 3 });
  const more = Tokenizer.fromJson(tokenizer, { additional_special_tokens: ["the"] });
  const the = more.tokenToId("the") as number;
  assert.ok(more.isSpecial(the));
  assert.equal(more.decode([the, 2], { skipSpecialTokens: true }), "");
});

Deno.test("special tokens are left out on request", () => {
  const pieces = tokenizerOf("word_piece");
  const { ids } = pieces.encode("the dog");
  assert.deepEqual(
    [...pieces.encode("the dog", { addSpecialTokens: false }).ids],
    [...ids].slice(1, -1),
  );
});

Deno.test("bos and eos come from the config where the post-processor does not add them", () => {
  const { tokenizer, config } = vectorsOf("byte_level");
  const ids = (
    flags: object,
  ) => [...Tokenizer.fromJson(tokenizer, { ...config, ...flags }).encode("a").ids];
  const [a] = ids({});
  assert.deepEqual(ids({}), [a]);
  assert.deepEqual(ids({ add_bos_token: true }), [0, a]);
  assert.deepEqual(ids({ add_eos_token: true }), [a, 1]);
  assert.deepEqual(ids({ add_bos_token: true, add_eos_token: true }), [0, a, 1]);
  assert.deepEqual(ids({ add_bos_token: true, bos_token: "none" }), [a]);
  const framed = Tokenizer.fromJson(tokenizer, { ...config, add_eos_token: true });
  assert.deepEqual([...framed.encode("abc", { maxTokens: 2 }).ids], [a, 1]);
});

Deno.test("spaces are cleaned up only where the config says so", () => {
  const { tokenizer } = vectorsOf("byte_level");
  const decode = (config: object, cleanUpSpaces?: boolean) => {
    const ours = Tokenizer.fromJson(tokenizer, config);
    return ours.decode(ours.encode("'Tis , my lord .").ids, { cleanUpSpaces });
  };
  assert.equal(decode({}), "'Tis , my lord .");
  assert.equal(decode({ clean_up_tokenization_spaces: false }), "'Tis , my lord .");
  assert.equal(decode({ clean_up_tokenization_spaces: true }), "'Tis, my lord.");
  assert.equal(decode({ clean_up_tokenization_spaces: true }, false), "'Tis , my lord .");
  assert.equal(decode({}, true), "'Tis, my lord.");
});

Deno.test("half of a surrogate pair is U+FFFD", () => {
  const bytes = tokenizerOf("byte_level");
  assert.deepEqual(bytes.encode("a\ud83d!").ids, bytes.encode("a\ufffd!").ids);
});

Deno.test("an id without a token has no text, and what is no id is refused", () => {
  const bytes = tokenizerOf("byte_level");
  const { ids } = bytes.encode("ab");
  assert.equal(bytes.decode([...ids, bytes.vocabSize, 2 ** 40]), "ab");
  assert.equal(bytes.decode([]), "");
  for (const id of [-1, 0.5, NaN]) {
    fails(() => bytes.decode([id]), "invalid_argument", `an id is ${id}`);
  }
});

Deno.test("maxTokens has room for the special tokens", () => {
  const pieces = tokenizerOf("word_piece");
  assert.deepEqual([...pieces.encode("the dog", { maxTokens: 2 }).ids], [2, 3]);
  for (const maxTokens of [1, -1, 2.5, NaN]) {
    fails(() => pieces.encode("a", { maxTokens }), "invalid_argument", `maxTokens is ${maxTokens}`);
  }
  fails(() => pieces.encode("a", { pair: "b", maxTokens: 2 }), "invalid_argument", "at least 3");
});

Deno.test("pairLengths() fills the room and cuts the longer text first", () => {
  for (let m = 0; m < 12; m++) {
    for (let n = 0; n < 12; n++) {
      for (let room = 0; room < 25; room++) {
        const [a, b] = pairLengths(m, n, room);
        assert.equal(a + b, Math.min(m + n, room));
        assert.ok(a >= 0 && a <= m && b >= 0 && b <= n);
        // What was cut is at most one longer than what is left of the other.
        if (a < m) assert.ok(a >= b - 1 || b === n && a >= b, `${m} ${n} ${room}: ${a} ${b}`);
        if (a < m) assert.ok(b === n || Math.abs(a - b) <= 1);
        if (b < n) assert.ok(a === m || Math.abs(a - b) <= 1);
      }
    }
  }
});

Deno.test("texts are bounded", () => {
  const bytes = tokenizerOf("byte_level");
  const long = " a".repeat(2 ** 15) + "a".repeat(2 ** 17);
  assert.equal(bytes.decode(bytes.encode(long).ids), long);
  const tooLong = "a".repeat(MAX_TEXT_LENGTH + 1);
  fails(() => bytes.encode(tooLong), "limit_exceeded", `${tooLong.length} UTF-16 code units`);
  const pieces = Tokenizer.fromJson({
    model: { type: "Unigram", unk_id: 0, vocab: [["<unk>", 0], ["a", -1], ["b", -1]] },
  });
  assert.equal(pieces.encode("abba").tokens, 4);
  assert.equal(pieces.encode("ab".repeat(2 ** 18)).tokens, 2 ** 19);
});

Deno.test("what is no tokenizer.json is refused", () => {
  const vocab = { "[UNK]": 0, a: 1 };
  const model = { type: "WordPiece", vocab, unk_token: "[UNK]", continuing_subword_prefix: "##" };
  const bad = (tokenizer: unknown, message: string) =>
    fails(() => Tokenizer.fromJson(tokenizer), "invalid_file", message);
  for (const value of [null, undefined, 3, "{}", []]) bad(value, "not an object");
  bad({}, "no model");
  bad({ model: {} }, "no vocab");
  bad({ model: { ...model, vocab: { a: -1 } } }, 'the id of "a" is -1');
  bad({ model: { ...model, vocab: { a: 4e9 } } }, 'the id of "a" is 4000000000');
  bad({ model: { ...model, vocab: { a: "0" } } }, 'the id of "a" is 0');
  bad({ model: { ...model, vocab: { a: 0, b: 0 } } }, '"b" and "a" both have the id 0');
  bad(
    { model: { ...model, max_input_chars_per_word: 1e9 } },
    "max_input_chars_per_word is 1000000000",
  );
  bad({ model: { type: "BPE", vocab, merges: 3 } }, "tokenizer.json");
  bad({ model: { type: "BPE", vocab } }, "tokenizer.json");
  bad({ model: { type: "Unigram", vocab: [["a"]] } }, "piece 0");
  bad({ model: { type: "Unigram", vocab: [["a", 0]], unk_id: 1 } }, "unk_id is 1");
  bad({ model, added_tokens: {} }, "added_tokens is not an array");
  bad({ model, added_tokens: [{ id: 2 }] }, "an added token has no content");
  bad({ model, added_tokens: [{ id: 2 ** 24, content: "b" }] }, 'the id of "b" is 16777216');
  bad({ model, pre_tokenizer: { type: "Split", pattern: { Regex: "(" } } }, "tokenizer.json");
  for (const pattern of [undefined, null, "a", {}, { Regex: 3 }, { Other: "a" }]) {
    const replace = { type: "Replace", pattern, content: "" };
    bad({ model, normalizer: { type: "Sequence", normalizers: [replace] } }, "no pattern that");
  }
  const single = [{ SpecialToken: { id: "[SEP]", type_id: 0 } }, {
    Sequence: { id: "A", type_id: 0 },
  }];
  const post_processor = { type: "TemplateProcessing", single, pair: single };
  bad({ model, post_processor }, '"[SEP]", which has no id');
  bad({ model, post_processor: { ...post_processor, single: [] } }, "leaves out the text");
  let normalizer: unknown = { type: "Lowercase" };
  for (let i = 0; i < 1e5; i++) normalizer = { type: "Sequence", normalizers: [normalizer] };
  bad({ model, normalizer }, "nested more than 32 deep");
  fails(() => Tokenizer.fromJson({ model }, null), "invalid_file", "tokenizer_config.json");
});

Deno.test("a model without an unknown token says so when it needs one", () => {
  const vocab = { a: 0 };
  const ours = Tokenizer.fromJson({
    model: { type: "WordPiece", vocab, continuing_subword_prefix: "##" },
  });
  assert.deepEqual([...ours.encode("a").ids], [0]);
  fails(() => ours.encode("b"), "invalid_file", "a token without an id");
});
