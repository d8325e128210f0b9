/** Standard output and standard error. */
import { fileError } from "../files/file_error.ts";
import { snakeKeys } from "../inspect/json.ts";
import { STDERR, STDOUT, writeBytes } from "./_standard_streams.ts";

/** Nobody reads the output any more, as behind `| head`: the command ends and says nothing. */
export class ClosedOutput extends Error {}

const encoder = new TextEncoder();

/** Prints a line. */
export function print(line: string): void {
  write(`${line}\n`);
}

/** Prints one JSON object in a line, with keys in `snake_case`: what every command does with `--json`. */
export function printJson(value: object): void {
  print(jsonLine(value));
}

/** An object as such a line. */
export function jsonLine(value: object): string {
  return JSON.stringify(snakeKeys(value));
}

/** Writes a text to standard output. */
export function write(text: string): void {
  try {
    writeBytes(STDOUT, encoder.encode(text));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "EPIPE") throw new ClosedOutput();
    throw fileError("Cannot write standard output", error);
  }
}

/** Writes a text to standard error, if anybody reads it. */
export function writeError(text: string): void {
  try {
    writeBytes(STDERR, encoder.encode(text));
  } catch {
    // There is no place left to say so.
  }
}

/** Prints a line on standard error. */
export function note(line: string): void {
  writeError(`${line}\n`);
}

/** What moves the cursor or turns the direction of writing. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu;

/** A text in one line: what a file or a user puts into a message may not move the cursor. */
export function oneLine(text: string): string {
  return text.replaceAll(
    CONTROLS,
    (found) =>
      /^\s+$/.test(found) ? " " : JSON.stringify(found).slice(1, -1).replace(/[^ -~]/g, "?"),
  );
}
