import { LOWER } from "./_data.ts";
import { unpackMapping } from "./_mapping.ts";
import { isAscii } from "./is_ascii.ts";

let mapping: ReadonlyMap<number, readonly number[]> | undefined;

/** Lower case code point by code point, as Rust's `char::to_lowercase`: no rule looks at neighbours. */
export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  mapping ??= unpackMapping(LOWER);
  let lower = "";
  for (const character of text) {
    const to = mapping.get(character.codePointAt(0)!);
    lower += to === undefined ? character : String.fromCodePoint(...to);
  }
  return lower;
}
