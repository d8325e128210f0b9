/** The drawing of a training: its points are where the numbers say, and a title is a text. */
import assert from "node:assert/strict";
import { trainingCurve } from "../../src/training/training_curve.ts";

/** Points of a line, by its colour. */
function pointsOf(svg: string, stroke: string): number[][] {
  const [, points] = new RegExp(`points="([^"]*)" fill="none" stroke="${stroke}"`).exec(svg)!;
  return points === "" ? [] : points.split(" ").map((point) => point.split(",").map(Number));
}

const [RAW, MEAN, ACCURACY] = ["#9ec5e8", "#1f6fb2", "#b2541f"];

Deno.test("training curve: losses and accuracies are at their places", () => {
  const svg = trainingCurve({
    title: "a < b & c",
    losses: [2, 1, 0, 1],
    firstStep: 1,
    accuracies: [{ step: 2, accuracy: 0.5 }, { step: 4, accuracy: 1 }],
  });
  // The loss goes from 0 at y = 220 to 2 at y = 44, steps from x = 56 to 624.
  assert.deepEqual(pointsOf(svg, RAW), [[56, 44], [245.33, 132], [434.67, 220], [624, 132]]);
  assert.deepEqual(pointsOf(svg, MEAN), pointsOf(svg, RAW));
  assert.deepEqual(pointsOf(svg, ACCURACY), [[245.33, 316], [624, 256]]);
  assert.match(svg, /a &lt; b &amp; c/);
  assert.match(svg, /accuracy, 100\.0 % last/);
  assert.match(svg, />step 4</);
});

Deno.test("training curve: means go over the steps before, and long ones are thinned", () => {
  const losses = Array.from({ length: 100_000 }, (_, i) => i % 2);
  const svg = trainingCurve({ title: "long", losses, firstStep: 1, accuracies: [] });
  assert.ok(pointsOf(svg, RAW).length <= 1200, `${pointsOf(svg, RAW).length}`);
  const means = pointsOf(svg, MEAN).slice(100).map(([, y]) => y);
  assert.ok(means.every((y) => Math.abs(y - 132) < 1), `${means.slice(0, 3)}`);
  assert.equal(pointsOf(svg, MEAN).at(-1)![0], 624);
});

Deno.test("training curve: of the first steps there are means of fewer", () => {
  const svg = trainingCurve({
    title: "",
    losses: Array(100).fill(1),
    firstStep: 1,
    accuracies: [],
  });
  assert.ok(pointsOf(svg, MEAN).every(([, y]) => y === 44));
});

Deno.test("training curve: of one step, and of none, there is a drawing, too", () => {
  for (const losses of [[0.5], [0], []]) {
    const svg = trainingCurve({ title: "short", losses, firstStep: 7, accuracies: [] });
    assert.doesNotMatch(svg, /NaN|Infinity/);
    assert.equal(pointsOf(svg, RAW).length, losses.length);
  }
});
