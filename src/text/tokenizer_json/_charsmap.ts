import { graphemes } from "../unicode/graphemes.ts";
import type { SectionReader } from "./section_reader.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
/** In bytes of UTF-8: clusters that are looked up as a whole are shorter. */
const LONG_CLUSTER = 6;

/**
 * SentencePiece's `precompiled_charsmap`: the bytes of a double-array trie, then the texts it leads to, each
 * with a zero at its end.
 */
export class Charsmap {
  readonly #units: Uint32Array;
  readonly #texts: Uint8Array;

  /** Reads base64. */
  constructor(base64: string, reader: SectionReader) {
    const bytes = bytesOf(base64, reader);
    const view = new DataView(bytes.buffer);
    const size = bytes.length < 4 ? 0 : view.getUint32(0, true);
    if (bytes.length < 4 || size % 4 !== 0 || size > bytes.length - 4) {
      throw reader.invalid("its precompiled_charsmap does not hold the trie it tells of");
    }
    this.#units = Uint32Array.from(
      { length: size / 4 },
      (_, i) => view.getUint32(4 + 4 * i, true),
    );
    this.#texts = bytes.subarray(4 + size);
  }

  /** A text with every cluster or code point replaced that the map knows. */
  apply(text: string): string {
    let written = "";
    for (const cluster of graphemes(text)) {
      const bytes = encoder.encode(cluster);
      const whole = bytes.length < LONG_CLUSTER ? this.#find(bytes) : undefined;
      if (whole !== undefined) {
        written += whole;
        continue;
      }
      for (const character of cluster) {
        written += this.#find(encoder.encode(character)) ?? character;
      }
    }
    return written;
  }

  /** What the shortest prefix that the trie has leads to: that is what SentencePiece's port takes. */
  #find(key: Uint8Array): string | undefined {
    const units = this.#units;
    let at = offsetOf(units[0] ?? 0);
    for (const byte of key) {
      if (byte === 0) return undefined;
      at ^= byte;
      const unit = units[at];
      if (unit === undefined || ((unit & 0x800000ff) >>> 0) !== byte) return undefined;
      at ^= offsetOf(unit);
      if ((unit >>> 8) & 1) return this.#text((units[at] ?? 0) & 0x7fffffff);
    }
    return undefined;
  }

  #text(start: number): string | undefined {
    const end = this.#texts.indexOf(0, start);
    try {
      return decoder.decode(this.#texts.subarray(start, end < 0 ? undefined : end));
    } catch {
      return undefined;
    }
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function bytesOf(base64: string, reader: SectionReader): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw reader.invalid("its precompiled_charsmap is not base64");
  }
}
