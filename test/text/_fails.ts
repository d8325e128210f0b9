import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";

/** Asserts that something throws a FewbitError of a code, with this in its message. */
export function fails(work: () => unknown, code: ErrorCode, message: string): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof FewbitError, `${error}`);
    assert.equal(error.code, code);
    assert.ok(error.message.includes(message), error.message);
    return true;
  });
}
