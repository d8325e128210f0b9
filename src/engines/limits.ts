import { FewbitError } from "../errors.ts";
import { DEFAULT_MEMORY_LIMIT_BYTES, DEFAULT_WORK_LIMIT } from "../program/defaults.ts";
import type { LoadOptions } from "./engine.ts";

/** What a loader may spend. */
export interface Limits {
  readonly memoryLimitBytes: number;
  readonly workLimit: number;
}

/** The limits of a caller, or the default ones. */
export function limitsOf(options: LoadOptions): Limits {
  const memory = options.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES;
  const workLimit = options.workLimit ?? DEFAULT_WORK_LIMIT;
  if (!(memory >= 0) || !(workLimit >= 0)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot load program with memoryLimitBytes ${memory} and workLimit ${workLimit}`,
    );
  }
  const memoryLimitBytes = Math.floor(Math.min(memory, DEFAULT_MEMORY_LIMIT_BYTES));
  return { memoryLimitBytes, workLimit };
}
