import { defineInstruction, ROUNDING } from "./_define.ts";
import { sumsOrCodes } from "./_requantized.ts";

/**
 * `acc[b][h][i][j] = Σ_d q[b][i][h·D+d]·k[b][j][h·D+d]`, D = C/heads, then requantised; without a
 * multiplier y is the accumulator. The 1/√D is part of the multiplier.
 */
export const attentionScoresI8 = defineInstruction({
  name: "attention_scores_i8",
  opcode: 9,
  family: "vision",
  category: "attention",
  operands: [
    { name: "q", role: "in", dtypes: ["i8"], shape: "B Q C" },
    { name: "k", role: "in", dtypes: ["i8"], shape: "B L C" },
    {
      name: "multiplier",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1", optional: true },
    { name: "y", role: "out", dtypes: ["i8", "i32"], shape: "B @heads Q L" },
  ],
  attributes: [{ name: "heads", min: 1, max: 1024 }, ROUNDING],
  rules: sumsOrCodes(["i8"]),
  extents: [{ rule: "divides", left: ["@heads"], right: ["C"] }],
  work: ["B", "Q", "L", "C"],
  split: "B @heads Q/4",
});
