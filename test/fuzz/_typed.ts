import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";

/** What a function gives, or the code of the `FewbitError` that it throws; another error is a defect. */
export async function resultOrCode<T>(
  make: () => T | Promise<T>,
): Promise<{ readonly result: T } | { readonly code: string }> {
  try {
    return { result: await make() };
  } catch (error) {
    if (!(error instanceof FewbitError)) throw error;
    // Messages are for people: short enough to be read.
    assert.ok(error.message.length < 2000, `a message of ${error.message.length} characters`);
    return { code: error.code };
  }
}
