/**
 * Measures how far the float32 functions are from the mathematical ones, in units of the last place, on the reference's
 * functions, whose bits the kernels have (`test/conformance/`).
 *
 *     deno run bench/kernels/float32_error.ts
 */
import { exp, sigmoid, silu } from "../../src/engines/reference/float32.ts";
import { cosineAndSine } from "../../src/numeric/phase.ts";
import { ulps } from "../../test/conformance/ulps.ts";

/** Points of a range, evenly. */
const POINTS = 3_000_000;

const FUNCTIONS: readonly [
  name: string,
  f: (x: number) => number,
  exact: (x: number) => number,
  from: number,
  to: number,
][] = [
  ["exp", exp, Math.exp, -87.33, 0],
  ["exp", exp, Math.exp, 0, 88],
  ["sigmoid", sigmoid, (x) => 1 / (1 + Math.exp(-x)), -87.33, 0],
  ["sigmoid", sigmoid, (x) => 1 / (1 + Math.exp(-x)), 0, 20],
  ["silu", silu, (x) => x / (1 + Math.exp(-x)), -87.33, 0],
  ["silu", silu, (x) => x / (1 + Math.exp(-x)), 0, 20],
];

for (const [name, f, exact, from, to] of FUNCTIONS) {
  let [worst, at] = [0, 0];
  for (let i = 0; i <= POINTS; i++) {
    const x = Math.fround(from + (to - from) * i / POINTS);
    const distance = ulps(f(x), exact(x));
    if (distance > worst) [worst, at] = [distance, x];
  }
  console.log(`${name.padEnd(8)} ${from} … ${to}: ${worst.toFixed(2)} ulp, at ${at}`);
}

// Phases have no units in the last place of their own: the differences of cosines and sines.
const worst = [0, 0];
for (let i = 0; i < POINTS; i++) {
  const phase = Math.round((i / POINTS - 0.5) * 2 ** 32);
  const exact = phase / 2 ** 32 * 2 * Math.PI;
  const [cosine, sine] = cosineAndSine(phase);
  worst[0] = Math.max(worst[0], Math.abs(cosine - Math.cos(exact)));
  worst[1] = Math.max(worst[1], Math.abs(sine - Math.sin(exact)));
}
console.log(
  `phase    a turn: cosine ${worst[0].toExponential(2)}, sine ${worst[1].toExponential(2)}`,
);
