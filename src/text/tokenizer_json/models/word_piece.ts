import type { Budget } from "../../budget.ts";
import { invalid } from "../json.ts";
import type { SectionReader } from "../section_reader.ts";
import { readVocab, withoutId } from "./vocab.ts";
import type { Model } from "./model.ts";

/** A word takes quadratic time. */
const MAX_WORD = 1000;

/** BERT's WordPiece: the longest token that begins here, then the longest that continues, … */
export function readWordPiece(reader: SectionReader): Model {
  const vocab = readVocab(reader);
  const unknown = vocab.get(reader.text("unk_token", "[UNK]"));
  const prefix = reader.text("continuing_subword_prefix", "##");
  const longest = reader.value("max_input_chars_per_word") ?? 100;
  if (!(Number.isInteger(longest) && longest as number > 0 && longest as number <= MAX_WORD)) {
    throw invalid(
      `max_input_chars_per_word is ${longest}, expected an integer from 1 to ${MAX_WORD}`,
    );
  }

  /** The ids of a word; `undefined` if it has a part without a token. */
  function idsOf(word: string, budget: Budget): number[] | undefined {
    const ids: number[] = [];
    for (let start = 0; start < word.length;) {
      let end = word.length;
      let id: number | undefined;
      for (; end > start; end--) {
        budget.spend(1);
        const part = word.slice(start, end);
        id = vocab.get(start > 0 ? prefix + part : part);
        if (id !== undefined) break;
      }
      if (id === undefined) return undefined;
      ids.push(id);
      start = end;
    }
    return ids;
  }

  return {
    vocab,
    unknown,
    encode: (word, ids, budget) => {
      // In code points, of which there are at most as many as code units.
      const short = word.length <= (longest as number) || [...word].length <= (longest as number);
      const found = short ? idsOf(word, budget) : undefined;
      if (found === undefined && unknown === undefined) throw withoutId();
      for (const id of found ?? [unknown!]) ids.push(id);
    },
  };
}
