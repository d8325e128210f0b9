import { defineInstruction, ROUNDING } from "./_define.ts";
import { sumsOrCodes } from "./_requantized.ts";

/**
 * `acc[b][i][h·D+d] = Σ_j p[b][h][i][j]·v[b][j][h·D+d]`, then requantised; without a multiplier y
 * is the accumulator.
 */
export const attentionValuesI8 = defineInstruction({
  name: "attention_values_i8",
  opcode: 11,
  family: "vision",
  category: "attention",
  operands: [
    { name: "p", role: "in", dtypes: ["i8", "i16"], shape: "B @heads Q L" },
    { name: "v", role: "in", dtypes: ["i8"], shape: "B L C" },
    {
      name: "multiplier",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1", optional: true },
    { name: "y", role: "out", dtypes: ["i8", "i32"], shape: "B Q C" },
  ],
  attributes: [{ name: "heads", min: 1, max: 1024 }, ROUNDING],
  rules: sumsOrCodes(["i8"]),
  extents: [{ rule: "divides", left: ["@heads"], right: ["C"] }],
  work: ["B", "Q", "L", "C"],
  split: "B @heads Q/4",
});
