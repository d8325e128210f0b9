import { TemplateError, unsupported } from "./_errors.ts";

const SIMPLE: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The escapes of Python's texts; a backslash before anything else stays. */
export function unescape(text: string): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g,
    (whole, octal, byte, short, long, character) => {
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      const hex = byte ?? short ?? long;
      if (hex !== undefined) {
        const code = parseInt(hex, 16);
        if (code > 0x10ffff) throw new TemplateError(`${whole} is no code point`);
        return String.fromCodePoint(code);
      }
      if (character === "N") throw unsupported("the escape \\N");
      if ("xuU".includes(character)) throw new TemplateError(`${whole} has too few digits`);
      return SIMPLE[character] ?? whole;
    },
  );
}
