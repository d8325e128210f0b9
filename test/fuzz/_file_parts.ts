/** A `model.fewbit` file taken apart and put together, whatever its parts have become. */
import { crc32c } from "../../src/program/crc32c.ts";
import { HEADER_BYTES, MAGIC, SECTION_WORDS, TAGS, VERSION } from "../../src/program/format.ts";
import { repairChecksums } from "../program/_mutate.ts";
import { concat } from "./_mutate_bytes.ts";

/** A section; its words are those of the file. */
export interface Section {
  readonly tag: number;
  readonly flags: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Sections in the order of the file, and the blob. */
export interface FileParts {
  /** Required features. */
  readonly features: number;
  readonly sections: readonly Section[];
  readonly blob: Uint8Array<ArrayBuffer>;
}

/** Takes a good file apart. */
export function splitFile(file: Uint8Array): FileParts {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const sections = Array.from({ length: view.getUint32(20, true) }, (_, i): Section => {
    const [tag, flags, offset, length] = [0, 1, 2, 3].map((j) =>
      view.getUint32(HEADER_BYTES + (i * SECTION_WORDS + j) * 4, true)
    );
    return { tag, flags, bytes: Uint8Array.from(file.subarray(offset, offset + length)) };
  });
  const features = view.getUint32(24, true);
  return { features, sections, blob: Uint8Array.from(file.subarray(view.getUint32(8, true))) };
}

/** Puts a file together, with right sizes and checksums. */
export function joinFile({ features, sections, blob }: FileParts): Uint8Array<ArrayBuffer> {
  const start = new Uint8Array(HEADER_BYTES + sections.length * SECTION_WORDS * 4);
  const words = new DataView(start.buffer);
  const parts: Uint8Array[] = [start];
  let at = start.length;
  sections.forEach(({ tag, flags, bytes }, i) => {
    [tag, flags, at, bytes.length].forEach((word, j) =>
      words.setUint32(HEADER_BYTES + (i * SECTION_WORDS + j) * 4, word, true)
    );
    const padding = new Uint8Array(-bytes.length & 3);
    parts.push(bytes, padding);
    at += bytes.length + padding.length;
  });
  [MAGIC, VERSION, at, blob.length, 0, sections.length, features].forEach((word, i) =>
    words.setUint32(4 * i, word, true)
  );
  const file = concat(...parts, blob);
  repairAll(file);
  return file;
}

/** Makes all checksums of a file right, those of the blob's parts too, where they can be found. */
export function repairAll(file: Uint8Array): void {
  if (file.length < HEADER_BYTES) return;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const word = (at: number): number => at + 4 <= file.length ? view.getUint32(at, true) : 0;
  for (let i = 0; i < Math.min(word(20), 64); i++) {
    const record = HEADER_BYTES + i * SECTION_WORDS * 4;
    if (word(record) !== TAGS.segments) continue;
    const offset = word(record + 8);
    for (let at = offset; at < offset + word(record + 12) && at + 16 <= file.length; at += 16) {
      const from = word(8) + word(at + 4);
      view.setUint32(at + 12, crc32c(file.subarray(from, from + word(at + 8))), true);
    }
  }
  repairChecksums(file);
}
