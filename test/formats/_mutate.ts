import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { Random } from "./_random.ts";

/** What a hostile or broken file ends in; anything else is a defect of the reader. */
const ALLOWED_CODES = ["invalid_file", "unsupported", "limit_exceeded"];

/** Values near the limits of the integers in a header. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Longest time that one file may take. */
const MAX_MS = 10_000;

/**
 * Checks that a reader either reads or refuses, by a typed error, a file with random damage.
 *
 * @param hot Offsets from and to which half of the damage is done, such as those of a header.
 */
export async function checkMutations(
  valid: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  count = 2_000,
  hot: readonly [number, number] = [0, valid.length],
): Promise<void> {
  const random = new Random(valid.length * 2654435761);
  const outcomes = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const bytes = index % 4 === 0 ? truncate(valid, random, hot) : mutate(valid, random, hot);
    const outcome = await readOutcome(bytes, read, index);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  assert.ok((outcomes.get("invalid_file") ?? 0) > 0, "the mutations did not damage the file");
}

async function readOutcome(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  index: number,
): Promise<string> {
  const start = performance.now();
  let outcome = "read";
  try {
    await read(bytes);
  } catch (error) {
    if (!(error instanceof FewbitError) || !ALLOWED_CODES.includes(error.code)) {
      throw new Error(`mutation ${index} is not refused as it should be`, { cause: error });
    }
    outcome = error.code;
  }
  const ms = performance.now() - start;
  assert.ok(ms < MAX_MS, `mutation ${index} took ${ms} ms`);
  return outcome;
}

function place(valid: Uint8Array, random: Random, [from, to]: readonly [number, number]): number {
  return random.below(2) === 0 ? random.below(valid.length) : from + random.below(to - from);
}

function truncate(
  valid: Uint8Array,
  random: Random,
  hot: readonly [number, number],
): Uint8Array {
  return valid.slice(0, place(valid, random, hot));
}

function mutate(
  valid: Uint8Array,
  random: Random,
  hot: readonly [number, number],
): Uint8Array {
  let bytes: Uint8Array = valid.slice();
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const at = Math.min(place(valid, random, hot), bytes.length - 1);
    const kind = random.below(6);
    if (kind === 0) bytes[at] ^= 1 << random.below(8);
    else if (kind === 1) bytes[at] = random.below(256);
    else if (kind === 2) bytes[at] = random.pick(EXTREMES);
    else if (kind === 3) writeExtreme(bytes, at, random);
    else if (kind === 4) bytes = splice(bytes, at, random.below(16), new Uint8Array());
    else bytes = splice(bytes, at, 0, valid.subarray(at, at + 1 + random.below(16)));
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

function writeExtreme(bytes: Uint8Array, at: number, random: Random): void {
  const size = random.pick([2, 4, 8]);
  if (at + size > bytes.length) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, size);
  const littleEndian = random.below(2) === 0;
  const value = random.pick(EXTREMES);
  if (size === 2) view.setUint16(0, value, littleEndian);
  else if (size === 4) view.setUint32(0, value, littleEndian);
  else view.setBigUint64(0, BigInt(value) * BigInt(random.pick(EXTREMES)), littleEndian);
}

function splice(bytes: Uint8Array, at: number, deleted: number, inserted: Uint8Array): Uint8Array {
  const after = bytes.subarray(at + deleted);
  const result = new Uint8Array(at + inserted.length + after.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(after, at + inserted.length);
  return result;
}
