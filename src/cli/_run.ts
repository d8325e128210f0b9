/** What the commands have in common. */
import { FewbitError } from "../errors.ts";
import { writeFile } from "../files/write_file.ts";
import { writeError } from "./_print.ts";
import { isTerminal, STDERR } from "./_standard_streams.ts";

/** One of a list, else a typed error that names the list. */
export function choice<T extends string>(option: string, value: string, values: readonly T[]): T {
  const found = values.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new FewbitError(
      "invalid_argument",
      `Option --${option} is "${value}", expected ${values.join(" or ")}`,
    );
  }
  return found;
}

/** A positive integer of an option. */
export function count(option: string, value: string, most = 2 ** 31): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    throw new FewbitError(
      "invalid_argument",
      `Option --${option} is "${value}", expected 1 to ${most}`,
    );
  }
  return number;
}

/** A number of an option; what it may be is checked where it is used. */
export function number(option: string, value: string): number {
  const number = value.trim() === "" ? NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw new FewbitError("invalid_argument", `Option --${option} is "${value}", expected a number`);
}

/** A number from 0 to less than 1. */
export function fraction(option: string, value: string): number {
  const part = number(option, value);
  if (part >= 0 && part < 1) return part;
  throw new FewbitError(
    "invalid_argument",
    `Option --${option} is "${value}", expected at least 0 and less than 1`,
  );
}

/** A line on standard error that is overwritten; silent where nobody watches. */
export function progressLine(): { update(text: string): void; end(): void } {
  if (!isTerminal(STDERR)) return { update: () => {}, end: () => {} };
  return { update: (text) => writeError(`\r\x1b[K${text}`), end: () => writeError("\r\x1b[K") };
}

let toldOfTemporary: ((path: string | undefined) => void) | undefined;

/** Has a function told of temporary files, so that they can be removed when the command is stopped. */
export function onTemporaryFile(told: (path: string | undefined) => void): void {
  toldOfTemporary = told;
}

/** Writes a file so that no half one is ever seen. */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  await writeFile(path, bytes, { signal, ...toldOfTemporary && { onTemporary: toldOfTemporary } });
}

let toldOfGrace: ((ms: number) => void) | undefined;

/** Has a function told how long a command needs to stop by itself. */
export function onGrace(told: (ms: number) => void): void {
  toldOfGrace = told;
}

/** Asks for time to stop; a second Ctrl-C ends the command at once all the same. */
export function askForGrace(ms: number): void {
  toldOfGrace?.(ms);
}
