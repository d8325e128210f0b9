/**
 * Capitals and small letters. Beyond ASCII they are the host's: Python's and JavaScript's rules are the same
 * (Unicode's SpecialCasing), in the version that each has.
 *
 * @module
 */
import { category } from "../unicode/properties.ts";
import { unsupported } from "./_errors.ts";
import { isSpace } from "./_spaces.ts";

export function lower(text: string): string {
  return text.toLowerCase();
}

export function upper(text: string): string {
  return text.toUpperCase();
}

/** The first letter in title case, which is upper case but for some letters that are two. */
function titled(character: string): string {
  if (/[\u01c4-\u01cc\u01f1-\u01f3ß-ßﬀ-ﬗև\u1f80-\u1fff]/.test(character)) {
    throw unsupported("a capital of a letter that has a title case of its own");
  }
  return upper(character);
}

/** Python's `capitalize`. */
export function capitalize(text: string): string {
  const [first = "", ...rest] = text;
  return titled(first) + lower(rest.join(""));
}

/** Python's method `title`: a capital wherever letters begin. */
export function title(text: string): string {
  let [written, inWord] = ["", false];
  for (const character of text) {
    const cased = lower(character) !== upper(character);
    written += cased ? (inWord ? lower(character) : titled(character)) : character;
    inWord = cased;
  }
  return written;
}

/** Python's `swapcase`. */
export function swapCase(text: string): string {
  return [...text].map((c) => c === lower(c) ? upper(c) : lower(c)).join("");
}

/** Whether a text has characters of one kind only, and some. */
export function isCharacters(
  text: string,
  kind: "alpha" | "digit" | "decimal" | "numeric" | "alnum" | "space",
): boolean {
  return text !== "" && [...text].every((character) => {
    const code = character.codePointAt(0)!;
    if (kind === "space") return isSpace(character);
    const [letter, decimal] = [category("L")!.has(code), category("Nd")!.has(code)];
    if (kind === "alpha") return letter;
    if (kind === "decimal") return decimal;
    // Superscripts are digits, fractions and Han numbers numeric: that takes tables of their own.
    if (code > 127 && !decimal && (!letter || kind === "numeric")) {
      if (category("N")!.has(code) || letter) throw unsupported(`is${kind} of ${character}`);
    }
    return decimal || (kind === "alnum" && letter);
  });
}
