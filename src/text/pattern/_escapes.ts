import type { CodePointSet } from "../unicode/code_point_set.ts";
import { property, unsupported } from "./_classes.ts";

const CONTROLS: Readonly<Record<string, number>> = {
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  a: 7,
  e: 27,
};

/** `p{NAME}`, `P{NAME}` or `p{^NAME}` after a backslash at a place of a pattern. */
export function propertyAt(
  pattern: string,
  at: number,
): { readonly set: CodePointSet; readonly end: number } | undefined {
  const found = /^([pP])\{(\^?)([^{}]*)\}/.exec(pattern.slice(at, at + 100));
  if (found === null) return undefined;
  const set = property(found[3]);
  const negative = (found[1] === "P") !== (found[2] === "^");
  return { set: negative ? set.complement() : set, end: at + found[0].length };
}

/** The code point that an escape stands for, after its backslash. */
export function escapedCode(
  pattern: string,
  at: number,
): { readonly code: number; readonly end: number } {
  const rest = pattern.slice(at, at + 16);
  const hex = /^x\{([0-9a-fA-F]{1,6})\}|^x([0-9a-fA-F]{2})|^u([0-9a-fA-F]{4})/.exec(rest);
  if (hex !== null) {
    const code = parseInt(hex[1] ?? hex[2] ?? hex[3], 16);
    // \x80 and above are bytes of UTF-8, not code points.
    const fits = hex[2] === undefined ? code <= 0x10ffff && (code & ~0x7ff) !== 0xd800 : code < 128;
    if (!fits) throw unsupported(`\\${hex[0]}`);
    return { code, end: at + hex[0].length };
  }
  const code = pattern.codePointAt(at)!;
  const character = String.fromCodePoint(code);
  const control = CONTROLS[character];
  if (control !== undefined) return { code: control, end: at + 1 };
  if (/[A-Za-z0-9]/.test(character)) throw unsupported(`\\${character}`);
  return { code, end: at + character.length };
}
