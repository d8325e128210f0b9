import { FewbitError } from "../../errors.ts";
import { CodePointSet } from "../unicode/code_point_set.ts";
import { category, patternWord, script, white } from "../unicode/properties.ts";

/** Long names of general categories. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  letter: "L",
  uppercaseletter: "Lu",
  lowercaseletter: "Ll",
  titlecaseletter: "Lt",
  modifierletter: "Lm",
  otherletter: "Lo",
  mark: "M",
  nonspacingmark: "Mn",
  spacingmark: "Mc",
  enclosingmark: "Me",
  number: "N",
  decimalnumber: "Nd",
  letternumber: "Nl",
  othernumber: "No",
  punctuation: "P",
  symbol: "S",
  separator: "Z",
  other: "C",
  control: "Cc",
};

const HEX_DIGITS = CodePointSet.of([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);

/** Fractions and superscripts of Latin-1, which Oniguruma takes for `\w` everywhere but between brackets. */
const BARE_WORDS = CodePointSet.of([0xb2, 0xb3], [0xb9, 0xb9], [0xbc, 0xbe]);

/** `\w` between brackets. */
function classWord(): CodePointSet {
  return patternWord().intersection(BARE_WORDS.complement());
}

const SHORTHANDS: Readonly<Record<string, () => CodePointSet>> = {
  s: white,
  w: patternWord,
  d: () => category("Nd")!,
  h: () => HEX_DIGITS,
};

/** An error for what Oniguruma knows and this does not. */
export function unsupported(what: string): FewbitError {
  return new FewbitError("unsupported", `Cannot read tokenizer.json: a pattern has ${what}`);
}

/** `\s`, `\w`, `\d`, `\h` and their opposites in capitals; `undefined` for other letters. */
export function shorthand(letter: string, inClass = false): CodePointSet | undefined {
  const lower = letter.toLowerCase();
  const set = lower === "w" && inClass ? classWord() : SHORTHANDS[lower]?.();
  return letter === lower ? set : set?.complement();
}

/** `\p{NAME}`: general categories and some scripts; case, spaces, `-` and `_` do not count. */
export function property(name: string): CodePointSet {
  const plain = name.replace(/[ _-]/g, "").toLowerCase();
  const short = plain.charAt(0).toUpperCase() + plain.slice(1);
  const set = category(LONG_NAMES[plain] ?? short) ?? script(plain) ??
    (plain === "word" ? patternWord() : posix(plain));
  if (set === undefined) throw unsupported(`the property ${JSON.stringify(name.slice(0, 80))}`);
  return set;
}

/** `[:NAME:]`, those that are made of general categories. */
export function posix(name: string): CodePointSet | undefined {
  switch (name) {
    case "space":
    case "whitespace":
      return white();
    case "digit":
      return category("Nd");
    case "xdigit":
      return HEX_DIGITS;
    case "word":
      return classWord();
    case "any":
      return new CodePointSet([]).complement();
    case "ascii":
      return CodePointSet.of([0, 127]);
  }
  return undefined;
}

const LONG_S = 0x17f;
const KELVIN = 0x212a;

/** A code point of ASCII and those that differ from it by case: K has the Kelvin sign, S the long s. */
export function withoutCase(code: number): CodePointSet {
  const letter = String.fromCharCode(code).toLowerCase();
  if (code > 127) throw unsupported("(?i) with letters beyond ASCII");
  if (letter < "a" || letter > "z") return CodePointSet.of([code, code]);
  const lower = letter.charCodeAt(0);
  const both = CodePointSet.of([lower, lower], [lower - 32, lower - 32]);
  if (letter === "s") return both.union(CodePointSet.of([LONG_S, LONG_S]));
  return letter === "k" ? both.union(CodePointSet.of([KELVIN, KELVIN])) : both;
}

/** Two letters that (?i) also finds as one: ß, ﬀ, ﬁ, ﬂ, ﬅ. */
export function foldsTogether(first: string, second: string): boolean {
  return ["ss", "ff", "fi", "fl", "st"].includes((first + second).toLowerCase());
}
