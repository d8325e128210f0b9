import { FewbitError } from "../errors.ts";
import { type GgufVocabulary, invalid, templateProcessing } from "./_gguf_vocabulary.ts";
import type { GgufTokenizer } from "./_gguf_vocabulary.ts";

/** Byte-level BPE with the merges that the file has. */
export function bytePairTokenizer(vocabulary: GgufVocabulary): GgufTokenizer {
  const pre = vocabulary.text("pre");
  if (pre !== "gpt-2") {
    throw new FewbitError(
      "unsupported",
      `Cannot read GGUF vocabulary: its pre-tokenizer is ` +
        `${pre === undefined ? "not named" : JSON.stringify(pre.slice(0, 80))}, expected "gpt-2"`,
    );
  }
  const merges = vocabulary.texts("merges");
  if (merges === undefined) throw invalid("a byte-pair vocabulary has no merges");
  const vocab = vocabulary.ids();
  const addBos = vocabulary.flag("add_bos_token", false);
  const addEos = vocabulary.flag("add_eos_token", false);
  const config = vocabulary.config(addBos, addEos);
  const addPrefixSpace = vocabulary.flag("add_space_prefix", false);
  return {
    tokenizerJson: {
      version: "1.0",
      added_tokens: vocabulary.addedTokens(),
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: addPrefixSpace, use_regex: true },
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
