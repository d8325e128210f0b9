/** What the commands have in common. */
import process from "node:process";
import { FewbitError } from "../errors.ts";

/**
 * Runs a command with a signal that Ctrl-C aborts. A failure that fewbit knows is one line and status
 * 1 (130 for Ctrl-C); anything else is a defect and keeps its trace.
 */
export async function runCommand(command: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    await command(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) {
      console.error("fewbit: interrupted");
      process.exitCode = 130;
    } else if (error instanceof FewbitError || error instanceof Deno.errors.NotFound) {
      console.error(`fewbit: ${error.message}`);
      process.exitCode = 1;
    } else throw error;
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}

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
  if (!Deno.stderr.isTerminal()) return { update: () => {}, end: () => {} };
  const write = (text: string): void => {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  };
  return { update: (text) => write(`\r\x1b[K${text}`), end: () => write("\r\x1b[K") };
}

/** Writes a file next to its final place and renames it, so that no half file is left. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await Deno.writeFile(partial, bytes);
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

/** SHA-256 of a typed array's bytes, hexadecimal. */
export async function sha256(data: Uint8Array | Float32Array): Promise<string> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}
