/** Runs of a random program: entries, sizes and inputs. */
import { DTYPE_BYTES } from "../../src/tensor.ts";
import { MOST_ROWS, redraw } from "./_random_program.ts";
import type { RandomProgram } from "./_random_program.ts";
import type { Random } from "./_random.ts";

/** A run. */
export interface RandomRun {
  readonly entry: number;
  /** Rows and turn. */
  readonly symbols: readonly number[];
  readonly given: Readonly<Record<string, Uint8Array>>;
  /** 0 at one go, 1 in slices, 2 in parts. */
  readonly way: number;
}

/** So many runs, one after the other. */
export function drawRuns(
  random: Random,
  { entries, inputs }: RandomProgram,
  count: number,
): RandomRun[] {
  return Array.from({ length: count }, () => {
    const entry = random.integer(0, entries.length - 1);
    const rows = random.integer(1, MOST_ROWS);
    const given = Object.fromEntries(
      inputs.filter((input) => input.entry === entry).map((input) => {
        const bytes = redraw(random, input);
        const length = input.rowElements * rows * DTYPE_BYTES[input.dtype];
        return [input.name, length > 0 ? bytes.slice(0, length) : bytes];
      }),
    );
    return { entry, symbols: [rows, random.integer(0, 9)], given, way: random.pick([0, 1, 2, 2]) };
  });
}
