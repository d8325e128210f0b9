/** Tokenizers that would take all time or memory end in a typed error. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";

const WORDS = { type: "WordLevel", unk_token: "[UNK]", vocab: { "[UNK]": 0, a: 1 } };
const split = (Regex: string) => ({
  type: "Split",
  pattern: { Regex },
  behavior: "Isolated",
  invert: false,
});
const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
const doubling = (n: number) => ({
  type: "Sequence",
  normalizers: Array.from({ length: n }, () => replace({ String: "a" }, "aa")),
});
const A = "a".repeat(2 ** 16);

/** What each file is, its sections, and the text. */
const HOSTILE: readonly (readonly [what: string, sections: object, text: string])[] = [
  ["(a+)+b", { pre_tokenizer: split("(a+)+b") }, "a".repeat(64)],
  ["(a|a)*b", { pre_tokenizer: split("(a|a)*b") }, "a".repeat(64)],
  ["(a*)*b", { pre_tokenizer: split("(a*)*b") }, "a".repeat(64)],
  ["(a?){1000}a{1000}", { pre_tokenizer: split("(a?){1000}a{1000}") }, "a".repeat(999)],
  ["a*a*a*a*b", { pre_tokenizer: split("a*a*a*a*b") }, "a".repeat(5000)],
  ["(?=a*b)", { pre_tokenizer: split("(?=a*b)c") }, A],
  ["\\s*b", { pre_tokenizer: split("\\s*b") }, " ".repeat(2 ** 16)],
  ["(ab)+", { pre_tokenizer: split("(ab)+") }, "ab".repeat(2 ** 20)],
  [
    "(((a{9}){9}){9}){9}…",
    { pre_tokenizer: split("((((((a{0,99}){99}){99}){99}){99}){99}){99}b") },
    A,
  ],
  ["(?<=a{1,16})b", { pre_tokenizer: split("(?<=(a|a){1,16})b") }, A],
  ["Replace that doubles, 64 times", { normalizer: doubling(20) }, "a".repeat(1000)],
  ["Replace that doubles, in each other", {
    normalizer: { type: "Sequence", normalizers: [doubling(16), doubling(16)] },
  }, "aaaa"],
  ["Replace by a long text", { normalizer: replace({ Regex: "." }, "a".repeat(2 ** 16)) }, A],
  [
    "Prepend of a long text",
    { normalizer: { type: "Prepend", prepend: "b".repeat(2 ** 25) } },
    "a",
  ],
  [
    "many added tokens that begin alike",
    {
      added_tokens: Array.from({ length: 4000 }, (_, i) => ({
        id: i + 2,
        content: `${"a".repeat(1 + i)}b`,
        normalized: false,
        special: true,
      })),
    },
    A,
  ],
  [
    "Unigram with a piece of every length",
    {
      model: {
        type: "Unigram",
        unk_id: 0,
        vocab: [["?", 0], ...Array.from({ length: 3000 }, (_, i) => ["a".repeat(i + 1), -i])],
      },
    },
    "a".repeat(2 ** 17),
  ],
  [
    "NFKD of a code point that becomes 18, again and again",
    { normalizer: { type: "NFKD" } },
    "\ufdfa".repeat(2 ** 19),
  ],
  ["a long word for WordPiece", {
    model: {
      type: "WordPiece",
      vocab: { "[UNK]": 0 },
      unk_token: "[UNK]",
      max_input_chars_per_word: 1000,
    },
    pre_tokenizer: { type: "FixedLength", length: 1000 },
  }, "b".repeat(2 ** 20)],
];

for (const [what, sections, text] of HOSTILE) {
  Deno.test(`hostile tokenizer: ${what}: done or refused within 10 seconds`, () => {
    const start = performance.now();
    try {
      Tokenizer.fromJson({ model: WORDS, ...sections }).encode(text);
    } catch (error) {
      assert.ok(error instanceof FewbitError, `${error}`);
      assert.match(error.code, /^(limit_exceeded|unsupported|invalid_file)$/);
    }
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds < 10, `${seconds} s`);
  });
}

Deno.test("decoders that double end", () => {
  const decoders = Array.from({ length: 40 }, () => replace({ String: "a" }, "aa"));
  const tokenizer = Tokenizer.fromJson({ model: WORDS, decoder: { type: "Sequence", decoders } });
  assert.throws(() => tokenizer.decode([1]), { code: "limit_exceeded" });
});

/** Files that Rust reads otherwise than they look, or not at all. */
const REFUSED: readonly (readonly [sections: object, code: string, message: RegExp])[] = [
  [{ normalizer: { type: "New" } }, "unsupported", /the normalizer "New" is not known/],
  [{ pre_tokenizer: { type: "UnicodeScripts" } }, "unsupported", /pre_tokenizer "UnicodeScripts"/],
  [{ decoder: { type: "New" } }, "unsupported", /decoder "New"/],
  [{ post_processor: { type: "New" } }, "unsupported", /post_processor "New"/],
  [{ model: { ...WORDS, type: "New" } }, "unsupported", /model "New"/],
  [{ other: 1 }, "unsupported", /the key "other"/],
  [{ version: "2.0" }, "unsupported", /the version "2.0"/],
  [{ normalizer: { type: "NFC", form: 1 } }, "unsupported", /NFC has the key "form"/],
  [{ pre_tokenizer: { type: "Punctuation", behaviour: "Removed" } }, "unsupported", /"behaviour"/],
  [
    { pre_tokenizer: { type: "Punctuation", behavior: "removed" } },
    "invalid_file",
    /behavior is "removed"/,
  ],
  [{ pre_tokenizer: { type: "Digits" } }, "invalid_file", /individual_digits is not true or false/],
  [{ pre_tokenizer: { type: "Metaspace", replacement: "__" } }, "invalid_file", /one character/],
  [
    { pre_tokenizer: { type: "Metaspace", replacement: "_", add_prefix_space: false } },
    "invalid_file",
    /prepend_scheme/,
  ],
  [
    { model: { type: "BPE", vocab: { a: 0 }, merges: [], dropout: 0.1 } },
    "unsupported",
    /a dropout/,
  ],
  [{ model: { ...WORDS, extra: 1 } }, "unsupported", /WordLevel has the key "extra"/],
  [{ added_tokens: [{ id: 9, content: "b" }] }, "unsupported", /has the id 9, .* gives it 2/],
  [{ added_tokens: [{ id: 5, content: "a" }] }, "unsupported", /has the id 5, .* gives it 1/],
  [{ added_tokens: [{ id: 1, content: "a", lsrip: true }] }, "unsupported", /"lsrip"/],
  ...[
    "\\p{Nope}",
    "(?<=a{1,17})b",
    "(?s:.)",
    "(a)\\1",
    "\\K",
    "(?i:ss)",
    "(?i:é)",
    "(?i:\\p{Lu})",
    "\\g<0>",
    "[[:alpha:]]",
    "\\R",
    "a{1001}",
  ]
    .map((pattern) => [{ pre_tokenizer: split(pattern) }, "unsupported", /a pattern has/] as const),
  ...["(", ")", "[a", "a**b)", "*a", "[z-a]", "\\"]
    .map((pattern) =>
      [{ pre_tokenizer: split(pattern) }, "invalid_file", /in the pattern/] as const
    ),
  [{ normalizer: replace({ Regex: "x*" }, "y") }, "unsupported", /match nothing/],
  [
    { normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } },
    "invalid_file",
    /charsmap/,
  ],
];

Deno.test(`${REFUSED.length} files are refused by name`, () => {
  for (const [sections, code, message] of REFUSED) {
    assert.throws(
      () => Tokenizer.fromJson({ model: WORDS, ...sections }),
      (error: unknown) => {
        assert.ok(error instanceof FewbitError, `${error}`);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});
