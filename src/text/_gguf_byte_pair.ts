import { FewbitError } from "../errors.ts";
import { type GgufVocabulary, invalid, templateProcessing } from "./_gguf_vocabulary.ts";
import type { GgufTokenizer } from "./_gguf_vocabulary.ts";

/** How a text is split before its bytes become letters, by the name of the pre-tokenizer. */
const PRE_TOKENIZERS: ReadonlyMap<string | undefined, readonly Record<string, unknown>[]> = new Map(
  [
    ["gpt-2", []],
    ["smollm", [{ type: "Digits", individual_digits: true }]],
  ],
);

/** Byte-level BPE with the merges that the file has. A byte that no token has is left out, as in Rust. */
export function bytePairTokenizer(vocabulary: GgufVocabulary): GgufTokenizer {
  const pre = vocabulary.text("pre");
  const before = PRE_TOKENIZERS.get(pre);
  if (before === undefined) {
    throw new FewbitError(
      "unsupported",
      `Cannot read GGUF vocabulary: its pre-tokenizer is ` +
        `${pre === undefined ? "not named" : JSON.stringify(pre.slice(0, 80))}, expected ${
          [...PRE_TOKENIZERS.keys()].map((name) => JSON.stringify(name)).join(" or ")
        }`,
    );
  }
  const merges = vocabulary.texts("merges");
  if (merges === undefined) throw invalid("a byte-pair vocabulary has no merges");
  const vocab = vocabulary.ids();
  const addBos = vocabulary.flag("add_bos_token", false);
  const addEos = vocabulary.flag("add_eos_token", false);
  const config = vocabulary.config(addBos, addEos);
  const addPrefixSpace = vocabulary.flag("add_space_prefix", false);
  const bytes = { type: "ByteLevel", add_prefix_space: addPrefixSpace, use_regex: true };
  return {
    tokenizerJson: {
      version: "1.0",
      added_tokens: vocabulary.addedTokens(),
      normalizer: null,
      pre_tokenizer: before.length === 0
        ? bytes
        : { type: "Sequence", pretokenizers: [...before, bytes] },
      post_processor: templateProcessing(
        vocab,
        addBos ? vocabulary.token("bos_token_id") : undefined,
        addEos ? vocabulary.token("eos_token_id") : undefined,
      ),
      decoder: { type: "ByteLevel" },
      model: { type: "BPE", vocab, merges: merges.map(splitMerge), ignore_merges: false },
    },
    tokenizerConfig: { ...config, add_prefix_space: addPrefixSpace },
  };
}

/** The two sides of a merge. The first one may start with a space, as in llama.cpp. */
function splitMerge(merge: string): [string, string] {
  const space = merge.indexOf(" ", 1);
  if (space < 0) throw invalid(`merge ${JSON.stringify(merge.slice(0, 80))} has one side`);
  return [merge.slice(0, space), merge.slice(space + 1)];
}
