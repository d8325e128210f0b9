/** The folder of a small sentence encoder: seeded weights, and a WordPiece tokenizer of 53 tokens. */
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { POSITIONS, tinyBert, VOCABULARY } from "./_tiny_bert.ts";

const WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
  .concat([..."abcdefghijklmnopqrstuvwxyz"], [..."aeioust"].map((letter) => `##${letter}`))
  .concat(["the", "cat", "dog", "sat", "ran", "on", "mat", "house", "query", ":", ".", "东"])
  .concat(["σ", "é", "##s1", "##s2"]);

/** tokenizer.json, with the truncation and padding that are to be ignored. */
export function tinyTokenizer(): Record<string, unknown> {
  if (WORDS.length !== VOCABULARY) throw new Error(`${WORDS.length} words`);
  const special = (content: string) => ({
    id: WORDS.indexOf(content),
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: "1.0",
    truncation: { max_length: 4, strategy: "LongestFirst", stride: 0 },
    padding: { strategy: { Fixed: 4 }, pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
    added_tokens: WORDS.slice(0, 4).map(special),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: false,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [piece("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, piece("[SEP]")],
      pair: [piece("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, piece("[SEP]")],
      special_tokens: Object.fromEntries(
        ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [WORDS.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    },
  };
}

/** Texts to calibrate on. */
export const CALIBRATION: readonly string[] = [
  "the cat sat on the mat.",
  "a dog ran",
  "the house on a b c d e f g h i j k l m n o p q",
  "cats dogs mats",
  "",
];

/** Most tokens of a text. */
export const MAX_TOKENS: number = POSITIONS;

/** Writes the folder; `files` are added or replace others. */
export function writeTinyEncoder(
  folder: string,
  files: Readonly<Record<string, unknown>> = {},
): void {
  const { config, pooling, sentence, weights } = tinyBert();
  const all: Record<string, unknown> = {
    "config.json": config,
    "modules.json": ["Transformer", "Pooling", "Normalize"].map((name, idx) => ({
      idx,
      path: name === "Transformer" ? "" : `${idx}_${name}`,
      type: `sentence_transformers.models.${name}`,
    })),
    "1_Pooling/config.json": pooling,
    "sentence_bert_config.json": sentence,
    "tokenizer.json": tinyTokenizer(),
    "config_sentence_transformers.json": { prompts: { query: "query: " } },
    ...files,
  };
  Deno.mkdirSync(`${folder}/1_Pooling`, { recursive: true });
  for (const [name, content] of Object.entries(all)) {
    Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(content));
  }
  Deno.writeFileSync(`${folder}/model.safetensors`, writeSafetensors(weights));
}
