import { FewbitError } from "../../errors.ts";
import type { Budget } from "../budget.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { CodePointSet } from "../unicode/code_point_set.ts";
import { lowerCase } from "../unicode/lower_case.ts";
import { normalForm } from "../unicode/normal_forms.ts";
import type { NormalForm } from "../unicode/normal_forms.ts";
import { mark, white } from "../unicode/properties.ts";
import { normalizeBert } from "./_bert_normalizer.ts";
import { bytesAsCharacters } from "./bytes_as_characters.ts";
import { Charsmap } from "./_charsmap.ts";
import { patternOf } from "./_pattern_key.ts";
import { SectionReader } from "./section_reader.ts";

/** The longest text that a normalizer may make, in code units. */
const MAX_NORMALIZED = 2 ** 23;

/** Changes a text. */
export type Normalizer = (text: string, budget: Budget) => string;

/** The section `normalizer` of tokenizer.json. */
export function readNormalizer(section: unknown, depth = 0): Normalizer {
  const reader = new SectionReader(section, "normalizer", depth);
  const normalize = normalizerOf(reader);
  reader.end();
  return (text, budget) => {
    budget.spend(text.length);
    return normalize(text, budget);
  };
}

function normalizerOf(reader: SectionReader): Normalizer {
  switch (reader.type) {
    case "Sequence": {
      const steps = reader.sections("normalizers", readNormalizer);
      return (text, budget) => steps.reduce((text, step) => step(text, budget), text);
    }
    case "BertNormalizer":
      return bert(reader);
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form: NormalForm = reader.type;
      return (text) => bounded(normalForm(text, form));
    }
    case "Lowercase":
      return lowerCase;
    case "Strip": {
      const [left, right] = [reader.flag("strip_left"), reader.flag("strip_right")];
      return (text) => strip(text, left, right);
    }
    case "StripAccents": {
      return (text) => mapped(text, (code, character) => mark().has(code) ? "" : character);
    }
    case "Nmt":
      return (text) => mapped(text, nmt);
    case "Precompiled": {
      const charsmap = new Charsmap(reader.text("precompiled_charsmap"), reader);
      return (text) => bounded(charsmap.apply(text));
    }
    case "Prepend": {
      const prefix = reader.text("prepend");
      return (text) => text === "" ? text : bounded(prefix + text);
    }
    case "ByteLevel":
      return (text) => bounded(bytesAsCharacters(text));
    case "Replace": {
      const [pattern, content] = [patternOf(reader), reader.text("content")];
      // The Rust tokenizers lose their place in the text then.
      if (pattern.matchesNothing) throw reader.unsupported("a pattern that may match nothing");
      return (text, budget) => replace(text, pattern, content, budget);
    }
  }
  throw reader.unknown();
}

function bert(reader: SectionReader): Normalizer {
  const lowercase = reader.flag("lowercase");
  const stripAccents = reader.value("strip_accents") ?? lowercase;
  if (typeof stripAccents !== "boolean") throw reader.invalid("strip_accents is no flag");
  const options = {
    cleanText: reader.flag("clean_text"),
    handleChineseChars: reader.flag("handle_chinese_chars"),
    stripAccents,
    lowercase,
  };
  return (text) => normalizeBert(text, options);
}

/** Replaces matches; a sequence of these could make a text of any length. */
export function replace(text: string, pattern: Pattern, content: string, budget: Budget): string {
  if (text === "") return text;
  const parts: string[] = [];
  let length = 0;
  for (const { start, end, matches } of pattern.parts(text, budget)) {
    const part = matches ? content : text.slice(start, end);
    length += part.length;
    checkLength(length);
    parts.push(part);
  }
  return parts.join("");
}

function bounded(text: string): string {
  checkLength(text.length);
  return text;
}

function checkLength(length: number): void {
  if (length <= MAX_NORMALIZED) return;
  throw new FewbitError(
    "limit_exceeded",
    `Cannot encode: the normalizer makes a text of more than ${MAX_NORMALIZED} code units`,
  );
}

function mapped(text: string, map: (code: number, character: string) => string): string {
  let written = "";
  for (const character of text) written += map(character.codePointAt(0)!, character);
  return written;
}

function strip(text: string, left: boolean, right: boolean): string {
  const spaces = white();
  let [start, end] = [0, text.length];
  // White space is in the basic plane.
  while (left && start < end && spaces.has(text.charCodeAt(start))) start++;
  while (right && end > start && spaces.has(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const NMT_REMOVED = CodePointSet.of(
  [0x01, 0x08],
  [0x0b, 0x0b],
  [0x0e, 0x1f],
  [0x7f, 0x7f],
  [0x8f, 0x8f],
  [0x9f, 0x9f],
);
const NMT_SPACES = CodePointSet.of(
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x1680, 0x1680],
  [0x200b, 0x200f],
  [0x2028, 0x2029],
  [0x2581, 0x2581],
  [0xfeff, 0xfeff],
  [0xfffd, 0xfffd],
);

/** SentencePiece's rules for machine translation. */
function nmt(code: number, character: string): string {
  if (NMT_REMOVED.has(code)) return "";
  return NMT_SPACES.has(code) ? " " : character;
}
