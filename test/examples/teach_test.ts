/** The learner of examples/teach learns a new drawing from five, and goes on knowing the others. */
import assert from "node:assert/strict";
import { DrawingLearner } from "../../examples/teach/learner.ts";
import { jittered, SHAPES } from "../../examples/teach/shapes.ts";
import type { Stroke } from "../../examples/teach/shapes.ts";
import { FewbitError } from "../../src/errors.ts";

/** A house, which nobody has shown it. */
const HOUSE: readonly Stroke[] = [[[-1, 1], [-1, 0], [0, -1], [1, 0], [1, 1], [-1, 1]]];
/** Hands that training has not seen. */
const FIRST_HAND = 10_000, HANDS = 20;

async function shareRight(
  learner: DrawingLearner,
  name: string,
  strokes: readonly Stroke[],
): Promise<number> {
  let right = 0;
  for (let hand = 0; hand < HANDS; hand++) {
    const [best] = await learner.guess(jittered(strokes, FIRST_HAND + hand));
    if (best.name === name) right++;
  }
  return right / HANDS;
}

Deno.test("examples/teach learns a new drawing from five and keeps the others", async () => {
  const losses: number[] = [];
  using learner = await DrawingLearner.open({ onProgress: (_, __, loss) => losses.push(loss) });
  assert.ok(losses.at(-1)! < losses[0] / 4, `from ${losses[0]} to ${losses.at(-1)}`);
  for (const { name, strokes } of SHAPES) {
    assert.ok(await shareRight(learner, name, strokes) >= 0.9, name);
  }
  const drawings = Array.from({ length: 5 }, (_, i) => jittered(HOUSE, 500 + i));
  await learner.teach("house", drawings);
  assert.deepEqual(learner.names.at(-1), "house");
  for (const { name, strokes } of [...SHAPES, { name: "house", strokes: HOUSE }]) {
    const share = await shareRight(learner, name, strokes);
    assert.ok(share >= 0.85, `${name}: ${share}`);
  }
  const refuses = (name: string, given: typeof drawings, code: string): Promise<void> =>
    assert.rejects(
      learner.teach(name, given),
      (error) => error instanceof FewbitError && error.code === code,
    );
  await refuses("house", drawings, "invalid_argument");
  await refuses(" ", drawings, "invalid_argument");
  await refuses("star", [], "invalid_argument");
  await refuses("star", [[]], "invalid_argument");
});
