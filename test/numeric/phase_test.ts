import assert from "node:assert/strict";
import { cosineAndSine, rotaryFrequencies } from "../../src/numeric/phase.ts";

Deno.test("phases: cosines and sines of a whole turn, and of what wraps", () => {
  for (let i = 0; i <= 4096; i++) {
    const phase = i * 2 ** 20 - 2 ** 31;
    const angle = phase / 2 ** 32 * 2 * Math.PI;
    const found = cosineAndSine(phase);
    [Math.cos(angle), Math.sin(angle)].forEach((exact, of) =>
      assert.ok(Math.abs(found[of] - exact) < 1.1e-7, `${i}`)
    );
    assert.deepEqual(cosineAndSine(phase >>> 0), found);
  }
  assert.deepEqual(
    [0, 2 ** 30, -(2 ** 31), -(2 ** 30)].map((p) => cosineAndSine(p).map(Math.round)),
    [
      [1, 0],
      [-0, 1],
      [-1, -0],
      [0, -1],
    ],
  );
});

Deno.test("phases: frequencies are those of rotary embeddings, rounded to 2^-32 of a turn", () => {
  const frequencies = rotaryFrequencies(100_000, 64);
  assert.equal(frequencies.length, 32);
  frequencies.forEach((frequency, i) => {
    const exact = 100_000 ** (-i / 32) / (2 * Math.PI);
    assert.ok(Math.abs(frequency / 2 ** 32 - exact) <= 2 ** -33 * (1 + 1e-9));
  });
  assert.equal(frequencies[0], 683565276);
});
