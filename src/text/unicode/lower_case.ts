import { unicodeTables } from "./_tables.ts";
import { Unpacker } from "./_unpack.ts";
import { isAscii } from "./is_ascii.ts";

let mapping: ReadonlyMap<number, string> | undefined;

/** Lower case code point by code point, as Rust's `char::to_lowercase`: no rule looks at neighbours. */
export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  mapping ??= unpackLower();
  let lower = "";
  for (const character of text) lower += mapping.get(character.codePointAt(0)!) ?? character;
  return lower;
}

/** tools/make_unicode.py, `pack_lower`. */
function unpackLower(): ReadonlyMap<number, string> {
  // İ, the only one that becomes two.
  const lower = new Map([[0x130, "i\u0307"]]);
  const unpacker = new Unpacker(unicodeTables().lower);
  let code = 0;
  while (!unpacker.done) {
    code += unpacker.next();
    const header = unpacker.next();
    const stride = header % 2 + 1;
    const step = unpacker.signed();
    for (let left = Math.floor(header / 2); left >= 0; left--) {
      lower.set(code, String.fromCodePoint(code + step));
      code += left > 0 ? stride : 1;
    }
  }
  return lower;
}
