import type { Mutation } from "./mutation.ts";

const dyadic = "src/numeric/dyadic.ts";
const requantize = "src/numeric/requantize.ts";
const halfEven = "src/numeric/half_even.ts";
const grid = "src/numeric/grid.ts";
const observer = "src/quantize/observer.ts";
const numbers = ["test/numeric/dyadic_test.ts"];
const observers = ["test/quantize/observer_test.ts"];

/** Scales, rounding, observers. */
export const QUANTIZE_MUTATIONS: readonly Mutation[] = [
  {
    file: dyadic,
    tests: numbers,
    find: "Math.floor(fraction * 2 ** 31 + 0.5)",
    replace: "Math.floor(fraction * 2 ** 31)",
  },
  { file: dyadic, tests: numbers, find: "    shift -= 1;\n", replace: "" },
  {
    file: dyadic,
    tests: numbers,
    find: "ratio < 0 ? -multiplier : multiplier",
    replace: "multiplier",
  },
  {
    file: requantize,
    tests: numbers,
    find: "if (rounding === HALF_EVEN) magnitude += floor % 2n;",
    replace: "if (rounding === HALF_EVEN) magnitude++;",
  },
  {
    file: halfEven,
    tests: numbers,
    find: "return floor % 2 === 0 ? floor : floor + 1;",
    replace: "return floor + 1;",
  },
  { file: grid, tests: numbers, find: "Math.max(-largest - 1,", replace: "Math.max(-largest," },
  {
    file: grid,
    tests: numbers,
    find: "return 2 ** (bits - 1) - 1;",
    replace: "return 2 ** (bits - 1);",
  },
  { file: observer, tests: observers, find: "Math.fround(0.95)", replace: "Math.fround(0.9)" },
  { file: observer, tests: observers, find: "Math.fround(0.05)", replace: "Math.fround(0.1)" },
  {
    file: observer,
    tests: observers,
    find: "magnitude = Math.max(magnitude, -low[c], high[c]);",
    replace: "magnitude = Math.max(magnitude, high[c]);",
  },
  {
    file: observer,
    tests: observers,
    find: "const SHARE = 0.9999;",
    replace: "const SHARE = 0.99;",
  },
  {
    file: observer,
    tests: observers,
    find: "maxima[c] = Math.max(maxima[c], Math.abs(values[at + c]));",
    replace: "maxima[c] = Math.max(maxima[c], values[at + c]);",
  },
];
