/** With which module threads begin, beside the one that a command runs in. */

/** What one that calibrates is given in place of words, and one that learns. */
export const CALIBRATION = "calibration";
export const LEARNING = "learning";

/** What a thread is for, beside that of a command. */
export type ThreadPurpose = typeof CALIBRATION | typeof LEARNING;

let entry: string | undefined;

/** Says which module it is; none: no thread begins. */
export function threadsBeginWith(url: string | undefined): void {
  entry = url;
}

/** The module; `undefined` where a command runs without a thread of its own, as in tests. */
export function threadEntry(): string | undefined {
  return entry;
}
