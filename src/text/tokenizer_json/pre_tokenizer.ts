import type { Budget } from "../budget.ts";
import { Pattern } from "../pattern/pattern.ts";
import type { Part } from "../pattern/pattern.ts";
import { CodePointSet } from "../unicode/code_point_set.ts";
import { numeric, punctuation, white, word } from "../unicode/properties.ts";
import { bytesAsCharacters } from "./bytes_as_characters.ts";
import { readMetaspace } from "./_metaspace.ts";
import { patternOf } from "./_pattern_key.ts";
import { SectionReader } from "./section_reader.ts";
import { BEHAVIORS, inverted, partsOf, split } from "./_split.ts";
import type { Behavior, Piece, PreTokenizer } from "./_split.ts";

/** GPT-2's pattern, of `ByteLevel`. */
const GPT2 =
  /* @__PURE__ */ "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The section `pre_tokenizer` of tokenizer.json. */
export function readPreTokenizer(section: unknown, depth = 0): PreTokenizer {
  const reader = new SectionReader(section, "pre_tokenizer", depth);
  const cut = preTokenizerOf(reader);
  reader.end();
  return cut;
}

function preTokenizerOf(reader: SectionReader): PreTokenizer {
  switch (reader.type) {
    case "Sequence": {
      const steps = reader.sections("pretokenizers", readPreTokenizer);
      return (pieces, budget) =>
        steps.reduce<Piece[]>((pieces, step) => step(pieces, budget), [...pieces]);
    }
    case "BertPreTokenizer": {
      const spaces = cutting((text) => partsOf(text, white()), "Removed");
      const marks = cutting((text) => partsOf(text, punctuation()), "Isolated");
      return (pieces, budget) => marks(spaces(pieces, budget), budget);
    }
    case "WhitespaceSplit":
      return cutting((text) => partsOf(text, white()), "Removed");
    case "Whitespace":
      return cutting((text) => inverted(words(text)), "Removed");
    case "Punctuation":
      return cutting(
        (text) => partsOf(text, punctuation()),
        reader.choice("behavior", BEHAVIORS, "Isolated"),
      );
    case "Digits": {
      const behavior = reader.flag("individual_digits") ? "Isolated" : "Contiguous";
      return cutting((text) => partsOf(text, numeric()), behavior);
    }
    case "CharDelimiterSplit": {
      const code = reader.character("delimiter").codePointAt(0)!;
      const set = CodePointSet.of([code, code]);
      return cutting((text) => partsOf(text, set), "Removed");
    }
    case "Split": {
      const pattern = patternOf(reader);
      const behavior = reader.choice("behavior", BEHAVIORS);
      const invert = reader.flag("invert");
      return cutting((text, budget) => {
        const parts = pattern.parts(text, budget);
        return invert ? inverted(parts) : parts;
      }, behavior);
    }
    case "ByteLevel":
      return byteLevel(reader);
    case "Metaspace":
      return readMetaspace(reader).cut;
    case "FixedLength": {
      const length = reader.count("length", 5);
      if (length === 0) throw reader.invalid("length is 0");
      return cutting((text) => chunks(text, length), "Isolated");
    }
  }
  throw reader.unknown();
}

function cutting(
  find: (text: string, budget: Budget) => readonly Part[],
  behavior: Behavior,
): PreTokenizer {
  return (pieces, budget) =>
    pieces.flatMap((piece) => {
      budget.spend(piece.text.length);
      return split(piece, find(piece.text, budget), behavior);
    });
}

/** `\w+|[^\w\s]+` of Rust's crate regex. */
function words(text: string): Part[] {
  const [members, spaces] = [word(), white()];
  const kind = (code: number) => members.has(code) ? 1 : spaces.has(code) ? 0 : 2;
  const parts: Part[] = [];
  let [from, before] = [0, 0];
  for (let at = 0; at <= text.length;) {
    const code = text.codePointAt(at);
    const now = code === undefined ? -1 : kind(code);
    if (now !== before) {
      if (from < at) parts.push({ start: from, end: at, matches: before > 0 });
      [from, before] = [at, now];
    }
    at += code !== undefined && code > 0xffff ? 2 : 1;
  }
  return parts;
}

function chunks(text: string, length: number): Part[] {
  const parts: Part[] = [];
  let [start, at, count] = [0, 0, 0];
  for (const character of text) {
    at += character.length;
    if (++count % length > 0 && at < text.length) continue;
    parts.push({ start, end: at, matches: false });
    start = at;
  }
  return parts;
}

function byteLevel(reader: SectionReader): PreTokenizer {
  const addPrefixSpace = reader.flag("add_prefix_space");
  const pattern = reader.flag("use_regex", true) ? Pattern.of(GPT2) : undefined;
  // It moves offsets only.
  reader.ignore("trim_offsets");
  return (pieces, budget) =>
    pieces.flatMap(({ text, lead }) => {
      const spaced = addPrefixSpace && !text.startsWith(" ");
      const piece = spaced ? { text: ` ${text}`, lead: lead > 0 ? lead + 1 : 0 } : { text, lead };
      budget.spend(piece.text.length);
      const words = pattern === undefined
        ? [piece]
        : split(piece, pattern.parts(piece.text, budget), "Isolated");
      return words.map(({ text, lead }) => ({
        text: bytesAsCharacters(text),
        lead: bytesAsCharacters(text.slice(0, lead)).length,
      }));
    });
}
