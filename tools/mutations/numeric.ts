import { changes } from "./mutation.ts";
import type { Mutation } from "./mutation.ts";

const numbers = ["test/numeric/dyadic_test.ts"];
const rounding = ["test/numeric/requantize_test.ts"];
const base3 = ["test/numeric/base3_test.ts"];
const panels = ["test/layouts/panels_test.ts"];

/** Numbers and layouts. */
export const NUMERIC_MUTATIONS: readonly Mutation[] = [
  ...changes("src/numeric/dyadic.ts", numbers, [
    ["Math.floor(fraction * 2 ** 31 + 0.5)", "Math.floor(fraction * 2 ** 31)"],
    ["    shift -= 1;\n", ""],
    ["ratio < 0 ? -multiplier : multiplier", "multiplier"],
  ]),
  ...changes("src/numeric/requantize.ts", numbers, [
    [
      "if (rounding === HALF_EVEN) magnitude += floor % 2n;",
      "if (rounding === HALF_EVEN) magnitude++;",
    ],
  ]),
  ...changes("src/numeric/requantize.ts", rounding, [
    [
      "if (rounding === HALF_UP && !negative) magnitude++;",
      "if (rounding === HALF_UP) magnitude++;",
    ],
    ["if (e > 62) return 0n;", "if (e > 61) return 0n;"],
    ["const shift = Math.max(e, 1);", "const shift = Math.max(e, 0);"],
    ["rest < half ? -1 : rest > half ? 1 : 0", "rest < half ? -1 : 1"],
    ["if (product < 2 ** 53) {", "if (product < 2 ** 56) {"],
  ]),
  ...changes("src/numeric/half_even.ts", numbers, [
    ["return floor % 2 === 0 ? floor : floor + 1;", "return floor + 1;"],
  ]),
  ...changes("src/numeric/grid.ts", numbers, [
    ["Math.max(-largest - 1,", "Math.max(-largest,"],
    ["return 2 ** (bits - 1) - 1;", "return 2 ** (bits - 1);"],
  ]),
  ...changes("src/numeric/base3.ts", base3, [
    ["81 * a + 27 * b", "27 * a + 81 * b"],
    ["most <= 242", "most <= 243"],
    ["Math.ceil(count / 5)", "Math.floor(count / 5) + 1"],
  ]),
  ...changes("src/layouts/_bytes_8x4.ts", panels, [
    ["(row >> 3) * blocks * 32 + (row & 7) * 4", "(row >> 3) * blocks * 32 + (row & 3) * 4"],
    [".fill(offset)", ""],
  ]),
  ...changes("src/layouts/panel_8.ts", panels, [[
    "(row >> 3) * k * 8 + (row & 7)",
    "(row >> 3) * k * 8 + (row & 3)",
  ]]),
  ...changes("src/layouts/panel_8x16_t2.ts", panels, [
    [".fill(0x55)", ""],
    ["<< 2 * (i >> 2 & 3)", "<< 2 * (i & 3)"],
  ]),
  ...changes("src/layouts/panel_8x4_u7.ts", panels, [[
    "code < -63 || code > 63",
    "code < -64 || code > 63",
  ]]),
  ...changes("src/layouts/panels.ts", panels, [
    ["Math.ceil(n / PANEL_ROWS) *", "Math.floor(n / PANEL_ROWS) *"],
  ]),
];
