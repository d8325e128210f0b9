/**
 * llama.cpp's own tests of its tokenizers: 46 texts with their ids for each of four vocabularies, as
 * `tokenizer.json` would have them.
 */
import assert from "node:assert/strict";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { readGgufMetadata } from "./_gguf.ts";
import { absent, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/data/ggml-vocab`;

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly types: readonly number[];
  readonly merges: readonly string[];
}

/** Types of tokens in GGUF. */
const NORMAL = 1;
const UNKNOWN = 2;

function ids(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

function gpt2({ tokens, merges }: Vocabulary): unknown {
  return {
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    model: { type: "BPE", vocab: ids(tokens), merges },
    decoder: { type: "ByteLevel" },
  };
}

/** SentencePiece stores scores instead of merges: every split into two known pieces is one. */
function sentencePiece({ tokens, scores, types }: Vocabulary): unknown {
  const vocab = ids(tokens);
  const merges: [left: number, right: number, score: number][] = [];
  for (const [id, token] of tokens.entries()) {
    if (types[id] !== NORMAL) continue;
    for (let at = 1; at < token.length; at++) {
      const [left, right] = [vocab[token.slice(0, at)], vocab[token.slice(at)]];
      if (left !== undefined && right !== undefined) merges.push([left, right, scores[id]]);
    }
  }
  merges.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
  const normalizers = [
    { type: "Prepend", prepend: "▁" },
    { type: "Replace", pattern: { String: " " }, content: "▁" },
  ];
  return {
    normalizer: { type: "Sequence", normalizers },
    model: {
      type: "BPE",
      vocab,
      merges: merges.map(([left, right]) => [tokens[left], tokens[right]]),
      unk_token: tokens[types.indexOf(UNKNOWN)],
      byte_fallback: true,
      fuse_unk: true,
    },
    decoder: null,
  };
}

/** GGUF marks the beginning of a word, WordPiece what goes on. */
function wordPiece({ tokens }: Vocabulary): unknown {
  const pieces = tokens.map((token) =>
    token.startsWith("▁") ? token.slice(1) : /^\[.+\]$/.test(token) ? token : `##${token}`
  );
  return {
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      vocab: ids(pieces),
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
  };
}

const KINDS: readonly (readonly [name: string, make: (vocabulary: Vocabulary) => unknown])[] = [
  ["gpt-2", gpt2],
  ["llama-spm", sentencePiece],
  ["phi-3", sentencePiece],
  ["bert-bge", wordPiece],
];

for (const [name, make] of KINDS) {
  const path = `${FOLDER}/ggml-vocab-${name}.gguf`;
  Deno.test({
    name: `${name}: the ids of llama.cpp's 46 texts`,
    ignore: absent(path),
    fn() {
      const metadata = readGgufMetadata(Deno.readFileSync(path));
      const list = (key: string) => (metadata.get(`tokenizer.ggml.${key}`) ?? []) as never[];
      const tokenizer = Tokenizer.fromJson(make({
        tokens: list("tokens"),
        scores: list("scores"),
        types: list("token_type"),
        merges: list("merges"),
      }));
      const texts = Deno.readTextFileSync(`${path}.inp`).split("\n__ggml_vocab_test__\n");
      assert.equal(texts.pop(), "");
      const lines = Deno.readTextFileSync(`${path}.out`).split("\n");
      assert.equal(texts.length, 46);
      for (const [i, text] of texts.entries()) {
        const expected = lines[i].split(" ").filter((id) => id !== "").map(Number);
        assert.deepEqual([...tokenizer.encode(text).ids], expected, JSON.stringify(text));
      }
    },
  });
}
