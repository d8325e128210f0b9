import { FewbitError } from "../errors.ts";

const DEFAULT_MAX_BYTES = 2 ** 30;

/** Checks an option `maxBytes` and gives its value or the default of 1 GiB. */
export function checkMaxBytes(maxBytes: number = DEFAULT_MAX_BYTES): number {
  if (!(maxBytes >= 0)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot read file: maxBytes is ${maxBytes}, expected 0 or more`,
    );
  }
  return maxBytes;
}
