/** Tiny models of every memory that chat: rows of float32, rows and rings of integers behind a prefix, a recurrence. */
import {
  calibrateTextModel,
  compileIntegerText,
  parametersOfRanges,
} from "../../src/compile/integer_text.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import type { TextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { Random } from "../conformance/_random.ts";
import { buildSeeded } from "../golden/seeded.ts";
import { configOf as hgrnConfig, layoutHgrn } from "../models/_hgrn.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const LETTERS = " abcdefghijklmnopqrstuvwxyz<|>_\n.,!?0123456789";
const CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const WORDS = [...CONTROLS, ...LETTERS];

/** Ids that the models have. */
export const VOCABULARY: number = WORDS.length;

const TOKENIZER = {
  added_tokens: CONTROLS.map((content, id) => ({ id, content, special: true })),
  pre_tokenizer: null,
  decoder: { type: "Fuse" },
  model: {
    type: "BPE",
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
    merges: [],
    unk_token: "<|endoftext|>",
  },
};

const TOKENIZER_CONFIG = {
  chat_template: "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + " +
    "'<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
};

const SIZES = {
  vocabulary: VOCABULARY,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 70,
  width: 40,
  tied: false,
  context: 1024,
} as const;

/** Tokens that the ring's attention reaches back. */
export const WINDOW = 24;

const LLAMA: TextCheckpoint = {
  weights: lazyWeights(weightsOf(SIZES, 5)),
  config: { ...configOf(SIZES), bos_token_id: 1, eos_token_id: 2 },
  tokenizer: TOKENIZER,
  tokenizerConfig: TOKENIZER_CONFIG,
};

async function integers(window?: number): Promise<Uint8Array<ArrayBuffer>> {
  const random = new Random(3);
  const windows = Array.from(
    { length: 6 },
    () => Array.from({ length: 30 }, () => random.integer(0, VOCABULARY - 1)),
  );
  const ranges = await calibrateTextModel(LLAMA, windows, { prefix: [1] });
  const params = parametersOfRanges(LLAMA, ranges, windows);
  return await encodeProgram(
    compileIntegerText(LLAMA, params, { bits: "w8a8", ...window && { window } }),
  );
}

async function floats(): Promise<Uint8Array<ArrayBuffer>> {
  const { weights, ...files } = LLAMA;
  return await encodeProgram((await compileTextModel(weights, files)).program);
}

async function recurrence(): Promise<Uint8Array<ArrayBuffer>> {
  const sizes = { vocabulary: VOCABULARY, width: 32, depth: 2, hidden: 48 };
  const weights = lazyWeights(buildSeeded(layoutHgrn(sizes), 4));
  const { program } = await compileTextModel(weights, {
    config: { ...hgrnConfig(sizes), bos_token_id: 1, eos_token_id: 2 },
    tokenizer: TOKENIZER,
    tokenizerConfig: TOKENIZER_CONFIG,
  });
  return await encodeProgram(program);
}

/** A model file of each memory. */
export const TINY_CHATS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  rows: await floats(),
  "rows of integers": await integers(),
  ring: await integers(WINDOW),
  recurrent: await recurrence(),
};
