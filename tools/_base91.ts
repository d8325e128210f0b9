/** The opposite of `src/engines/wasm/base91.ts`. */
import { BASE91_CHARACTERS, decodeBase91 } from "../src/engines/wasm/base91.ts";

/** Bytes as text; the last character pair is filled with zeros. */
export function encodeBase91(bytes: Uint8Array): string {
  const parts: string[] = [];
  let [held, bits] = [0, 0];
  const put = (): void => {
    const value = held & 8191;
    parts.push(BASE91_CHARACTERS[Math.floor(value / 91)] + BASE91_CHARACTERS[value % 91]);
    held >>>= 13;
    bits -= 13;
  };
  for (const byte of bytes) {
    held |= byte << bits;
    bits += 8;
    if (bits >= 13) put();
  }
  if (bits > 0) put();
  const text = parts.join("");
  const again = decodeBase91(text, bytes.length);
  if (bytes.some((byte, i) => byte !== again[i])) throw new Error("base 91 is wrong");
  return text;
}
