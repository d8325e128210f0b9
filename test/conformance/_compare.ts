/** Whether an engine gave what the reference gave. */
import assert from "node:assert/strict";
import type { Case } from "./_case.ts";
import type { EngineUnderTest } from "./_engines.ts";
import type { Prepared } from "./_program.ts";

/**
 * Compares all results of a case byte by byte, with what lies between their rows. NaNs are
 * canonical on every engine. `fast` precision on relaxed SIMD has a bound.
 */
export function compareResults(
  c: Case,
  { results }: Prepared,
  expected: readonly Uint8Array[],
  actual: readonly Uint8Array[],
  engine: EngineUnderTest,
  index: number,
): void {
  results.forEach(({ name, dtype, place }, r) => {
    const where = `case ${index}: ${c.instruction}, ${c.name}, on ${engine.name}: ${name}`;
    assert.equal(actual[r].length, expected[r].length, where);
    const same = dtype === "f32" ? sameFloats(c, engine) : (a: number, b: number) => a === b;
    const size = dtype === "f32" ? 4 : 1;
    const [left, right] = [expected[r], actual[r]].map((bytes) =>
      size === 4 ? new Uint32Array(bytes.slice().buffer) : bytes
    );
    let bad = 0;
    let first = -1;
    for (let i = 0; i < left.length; i++) {
      if (same(left[i], right[i])) continue;
      bad++;
      if (first < 0) first = i;
    }
    if (bad === 0) return;
    assert.fail(
      `${where}: ${bad} of ${left.length} differ, first at ${first} ` +
        `(offset ${place.offset}, stride ${place.stride}, columns ${place.columns}): ` +
        `${right[first]}, expected ${left[first]}`,
    );
  });
}

/** Equality of the bits of two floats. */
function sameFloats(c: Case, engine: EngineUnderTest): (a: number, b: number) => boolean {
  const bits = new Uint32Array(2);
  const floats = new Float32Array(bits.buffer);
  const bound = engine.relaxed === true ? c.bound : undefined;
  return (a, b) => {
    if (a === b) return true;
    bits[0] = a;
    bits[1] = b;
    return bound !== undefined && Math.abs(floats[0] - floats[1]) <= bound;
  };
}
