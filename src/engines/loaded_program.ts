import type { Range } from "../program/expression.ts";
import type { Program } from "../program/program.ts";

/** What a loader knows about a program besides its instructions. */
export interface LoadedProgram {
  readonly program: Program;
  readonly id: string;
  /** Values of load-time symbols, defaults of run-time ones. */
  readonly symbols: readonly number[];
  readonly symbolRanges: readonly Range[];
  /** Range of every expression. */
  readonly ranges: readonly Range[];
}
