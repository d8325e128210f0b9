/** Extents and places of operands. */
import type { ResultValue } from "./_case.ts";
import type { Random } from "./_random.ts";

/** Last extents: every tail of a vector, then realistic ones. */
export const COLUMNS: readonly number[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9],
  ...[11, 13, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 192],
];

/** Leading extents. */
const LEADING: readonly (readonly number[])[] = [
  [1],
  [2],
  [3],
  [4],
  [5],
  [7],
  [9],
  [2, 3],
  [3, 1, 2],
];

/** Inner size, columns and rows of products that pass the limits of a kernel's blocks. */
export const BLOCKS: readonly (readonly [k: number, n: number, rows: number])[] = [
  [8, 9, 300],
  [48, 96, 50],
  [768, 33, 9],
  [1544, 9, 9],
  [1700, 10, 60],
  [4100, 8, 3],
];

/** One to three leading extents. */
export function leading(random: Random): readonly number[] {
  return random.pick(LEADING);
}

/** Sometimes moves an operand from the start of its tensor and its rows apart. */
export function apart<T extends ResultValue>(random: Random, value: T): T {
  if (!random.chance(0.4)) return value;
  return { ...value, offset: random.integer(0, 5), gap: random.integer(1, 9) };
}

/** Sometimes stores an operand with the program. */
export function perhapsConstant<T extends ResultValue>(
  random: Random,
  value: T,
): T & { constant: boolean } {
  return { ...value, constant: random.chance(0.5) };
}

/** A value that is there in half of the cases. */
export function maybe<T>(random: Random, make: () => T): T | undefined {
  return random.chance(0.5) ? make() : undefined;
}
