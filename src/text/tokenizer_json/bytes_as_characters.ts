/** Bytes as the characters that byte-level vocabularies write them with, and back. */

/** Printable bytes stand for themselves, the others follow from U+0100. */
const CHARACTERS: readonly string[] = makeCharacters();

const BYTES: ReadonlyMap<string, number> = new Map(CHARACTERS.map((c, byte) => [c, byte]));

function makeCharacters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : next++);
  });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The UTF-8 bytes of a text as characters. */
export function bytesAsCharacters(text: string): string {
  let written = "";
  for (const byte of encoder.encode(text)) written += CHARACTERS[byte];
  return written;
}

/** The bytes that characters stand for; the UTF-8 bytes of a text that has others. */
export function charactersAsBytes(text: string): Iterable<number> {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = BYTES.get(character);
    if (byte === undefined) return encoder.encode(text);
    bytes.push(byte);
  }
  return bytes;
}

/** UTF-8 as text, with U+FFFD for what is none. */
export function textOfBytes(bytes: readonly number[]): string {
  return decoder.decode(Uint8Array.from(bytes));
}

/** UTF-8 as text; `undefined` for what is none. */
export function strictTextOfBytes(bytes: readonly number[]): string | undefined {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(
      Uint8Array.from(bytes),
    );
  } catch {
    return undefined;
  }
}

/** `<0x0A>` for each byte of a text. */
export function byteTokens(text: string): string[] {
  return Array.from(
    encoder.encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
}

/** The byte that a token such as `<0x0A>` stands for. */
export function byteOfToken(token: string): number | undefined {
  // Rust's from_str_radix takes a sign.
  return /^<0x[0-9a-fA-F+][0-9a-fA-F]>$/.test(token)
    ? parseInt(token.slice(3, 5).replace("+", "0"), 16)
    : undefined;
}
