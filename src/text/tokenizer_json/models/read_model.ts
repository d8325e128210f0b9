import { invalid, isObject } from "../json.ts";
import type { Json } from "../json.ts";
import { SectionReader } from "../section_reader.ts";
import { readBytePair } from "./byte_pair.ts";
import type { Model } from "./model.ts";
import { readUnigram } from "./unigram.ts";
import { readWordLevel } from "./word_level.ts";
import { readWordPiece } from "./word_piece.ts";

/** The section `model` of tokenizer.json. */
export function readModel(section: unknown): Model {
  if (!isObject(section)) throw invalid("it has no model");
  if (section.vocab === undefined) throw invalid("its model has no vocab");
  const reader = new SectionReader(section, "model", 0, typeOf(section));
  const model = modelOf(reader);
  reader.end();
  return model;
}

function modelOf(reader: SectionReader): Model {
  switch (reader.type) {
    case "BPE":
      return readBytePair(reader);
    case "Unigram":
      return readUnigram(reader);
    case "WordLevel":
      return readWordLevel(reader);
    case "WordPiece":
      return readWordPiece(reader);
  }
  throw reader.unknown();
}

/** Old files do not say the type of a model. */
function typeOf(model: Json): string {
  if ("merges" in model) return "BPE";
  if (Array.isArray(model.vocab)) return "Unigram";
  return "max_input_chars_per_word" in model ? "WordPiece" : "WordLevel";
}
