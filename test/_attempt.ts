import assert from "node:assert/strict";

/** What a function gives. That it throws is a failed check, not an accident of the test. */
export function attempt<T>(what: () => T): T {
  try {
    return what();
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.fail(`${error}`);
  }
}

/** As {@linkcode attempt}, of what is awaited. */
export async function attemptAsync<T>(what: () => Promise<T>): Promise<T> {
  try {
    return await what();
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.fail(`${error}`);
  }
}
