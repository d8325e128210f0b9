import { defineInstruction, ROUNDING } from "./_define.ts";
import { sumsOrCodes } from "./_requantized.ts";

/**
 * I-ViT's ShiftGELU: `y = x·σ`, σ in 0…127 from shift-exponentials relative to the row's maximum,
 * `x0 = ⌊−1/(1.702·scale)⌋`. With a multiplier the product is requantised.
 */
export const shiftGelu = defineInstruction({
  name: "shift_gelu",
  opcode: 5,
  family: "vision",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["i8"], shape: "* C" },
    { name: "x0", role: "in", holds: "tables", dtypes: ["i32"], shape: "1" },
    {
      name: "multiplier",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1",
      optional: true,
    },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1", optional: true },
    { name: "y", role: "out", dtypes: ["i8", "i16", "i32"], shape: "* C" },
  ],
  attributes: [ROUNDING],
  rules: sumsOrCodes(["i8", "i16"]),
  work: ["*", "C"],
  split: "*",
});
