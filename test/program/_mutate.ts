/** Damaged files: random changes of a head, with or without its checksums put right again. */
import { crc32c } from "../../src/program/crc32c.ts";
import { headerChecksum } from "../../src/program/header_checksum.ts";
import { HEADER_BYTES, NONE, SECTION_WORDS, TAGS } from "../../src/program/format.ts";

/** Whole numbers below a bound. */
export type Random = (bound: number) => number;

/** A seeded generator (mulberry32). */
export function random(seed: number): Random {
  let state = seed;
  return (bound) => {
    state = state + 0x6D2B79F5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 4_294_967_296 * bound);
  };
}

const VALUES = [0, 1, 2, 3, 4, 5, 7, 8, 11, 16, 64, 255, 256, 65_535, 65_536];
const LARGE = [0x7FFFFFFF, 0x80000000, 0xFFFF0000, 0xFFFFFFFE, NONE, 1 << 30, 1 << 24];

/** A copy of a file with one to three changes in its head. */
export function mutate(file: Uint8Array, next: Random): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(file);
  const repair = next(2) === 0;
  const view = new DataView(bytes.buffer);
  for (let changes = 1 + next(3); changes > 0; changes--) change(view, repair, next);
  if (repair) repairChecksums(bytes);
  return bytes;
}

function change(view: DataView, repair: boolean, next: Random): void {
  const headBytes = Math.min(view.getUint32(8, true), view.byteLength);
  // With good checksums, changes of records tell the most; the rest mostly fails at once.
  const section = repair && next(8) > 0 ? randomSection(view, next) : undefined;
  const [from, length] = section ?? [0, headBytes];
  if (length < 4) return;
  const at = from + 4 * next(length >> 2);
  if (at + 4 > view.byteLength) return;
  const word = view.getUint32(at, true);
  switch (next(6)) {
    case 0:
      return view.setUint8(at + next(4), next(256));
    case 1:
      return view.setUint32(at, VALUES[next(VALUES.length)], true);
    case 2:
      return view.setUint32(at, LARGE[next(LARGE.length)], true);
    case 3:
      return view.setUint32(at, word + 1, true);
    case 4:
      return view.setUint32(at, word - 1, true);
    default: {
      const other = from + 4 * next(length >> 2);
      view.setUint32(at, view.getUint32(other, true), true);
      view.setUint32(other, word, true);
    }
  }
}

function randomSection(view: DataView, next: Random): [number, number] | undefined {
  const count = view.getUint32(20, true);
  const at = HEADER_BYTES + next(count) * SECTION_WORDS * 4;
  if (at + 20 > view.byteLength) return undefined;
  const [tag, offset, length] = [0, 8, 12].map((i) => view.getUint32(at + i, true));
  if (tag === TAGS.metadata || offset + length > view.byteLength) return undefined;
  return [offset, length];
}

/** Makes all checksums of a head right, where its section table can be followed. */
export function repairChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Math.min(view.getUint32(20, true), 64);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * SECTION_WORDS * 4;
    if (at + 20 > bytes.length) break;
    const [offset, length] = [8, 12].map((j) => view.getUint32(at + j, true));
    if (offset + length > bytes.length) continue;
    view.setUint32(at + 16, crc32c(bytes.subarray(offset, offset + length)), true);
  }
  view.setUint32(60, headerChecksum(bytes, count), true);
}
