/** Damage that knows nothing of the format. */
import type { Random } from "./_random.ts";

/** Values at which readers break. */
const INTERESTING: readonly number[] = [
  ...[0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257],
  ...[0x7FFF, 0x8000, 0xFFFF, 0x10000, 1 << 20, 1 << 24, 1 << 30],
  ...[0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF],
];

/** Bits of numbers at which kernels break, as integers and as floats. */
export const NUMBERS: readonly number[] = [
  ...INTERESTING,
  ...[0x7F800000, 0xFF800000, 0x7FC00001, 0x00000001, 0x807FFFFF],
];

/** A 32-bit word: interesting, small, any, or a neighbour of what was there. */
export function drawWord(random: Random, before: number): number {
  switch (random.integer(0, 5)) {
    case 0:
    case 1:
      return random.pick(INTERESTING);
    case 2:
      return random.integer(0, 12);
    case 3:
      return random.bits();
    case 4:
      return before + random.pick([-1, 1, -2, 2, -4, 4, -16, 16, 64]) >>> 0;
    default:
      return random.pick([before * 2, before >>> 1, ~before, -before]) >>> 0;
  }
}

/**
 * A copy with one to four changes.
 *
 * @param hot Where half of them are made, such as in a header.
 */
export function mutateBytes(
  valid: Uint8Array,
  other: Uint8Array,
  random: Random,
  hot: readonly [from: number, to: number] = [0, valid.length],
): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(valid);
  for (let changes = random.pick([1, 1, 1, 2, 2, 3, 4]); changes > 0; changes--) {
    const [from, to] = random.chance(0.5) ? hot : [0, bytes.length];
    const at = Math.min(random.integer(from, Math.max(from, to - 1)), bytes.length - 1);
    if (at < 0) break;
    bytes = change(bytes, at, other, random);
  }
  return bytes;
}

function change(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  other: Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer> {
  switch (random.integer(0, 11)) {
    case 0:
    case 1:
      bytes[at] ^= 1 << random.integer(0, 7);
      return bytes;
    case 2:
      bytes[at] = random.integer(0, 255);
      return bytes;
    case 3:
    case 4:
    case 5:
      overwriteWord(bytes, random.chance(0.7) ? at & ~3 : at, random);
      return bytes;
    case 6:
      // A block over another.
      bytes.copyWithin(random.integer(0, bytes.length - 1), at, at + blockLength(random));
      return bytes;
    case 7: {
      const block = bytes.slice(at, at + blockLength(random));
      return concat(bytes.subarray(0, at), block, bytes.subarray(at));
    }
    case 8:
      return concat(bytes.subarray(0, at), bytes.subarray(at + blockLength(random)));
    case 9:
      return bytes.slice(0, at);
    case 10: {
      const more = new Uint8Array(random.integer(1, 80));
      if (random.chance(0.5)) more.forEach((_, i) => more[i] = random.integer(0, 255));
      return concat(bytes, more);
    }
    default:
      return concat(
        bytes.subarray(0, at),
        other.subarray(random.chance(0.5) ? at : random.integer(0, other.length)),
      );
  }
}

function blockLength(random: Random): number {
  return random.chance(0.7) ? 4 * random.integer(1, 16) : random.integer(1, 200);
}

function overwriteWord(bytes: Uint8Array, at: number, random: Random): void {
  if (at + 4 > bytes.length) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const littleEndian = random.chance(0.8);
  view.setUint32(at, drawWord(random, view.getUint32(at, littleEndian)), littleEndian);
}

/** Arrays one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
