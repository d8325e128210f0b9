import type { SectionReader } from "../section_reader.ts";
import { readVocab, withoutId } from "./vocab.ts";
import type { Model } from "./model.ts";

/** Whole words. */
export function readWordLevel(reader: SectionReader): Model {
  const vocab = readVocab(reader);
  const unknown = vocab.get(reader.text("unk_token", "<unk>"));
  return {
    vocab,
    unknown,
    encode: (piece, ids) => {
      const id = vocab.get(piece) ?? unknown;
      if (id === undefined) throw withoutId();
      ids.push(id);
    },
  };
}
