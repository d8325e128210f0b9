/** Numbers of bytes as they are typed. */
import { FewbitError } from "../errors.ts";

/** Bytes of each unit. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ "": 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 },
};

/**
 * Bytes of an option: `2MB`, `25MiB`, `1.5 GB`, a number.
 *
 * @throws {FewbitError} `invalid_argument` for anything else, and for fewer than the least, with what was expected.
 */
export function byteCount(
  option: string,
  text: string,
  { least = 1, expected }: { readonly least?: number; readonly expected: string },
): number {
  const [, digits, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (UNITS[unit.toUpperCase()] ?? NaN));
  if (bytes >= least && Number.isSafeInteger(bytes)) return bytes;
  throw new FewbitError(
    "invalid_argument",
    `Option --${option} is "${text}", expected ${expected}`,
  );
}
