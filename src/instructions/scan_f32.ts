import { defineInstruction } from "./_define.ts";

/**
 * A linear recurrence along the rows, each channel on its own: `y[t] = f[t]·y[t−1] + x[t]` from an initial row (or
 * zeros); in reverse `y[t] = f[t]·y[t+1] + x[t]`. Product and sum are rounded.
 */
export const scanF32 = defineInstruction({
  name: "scan_f32",
  opcode: 87,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "f", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "x", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "initial", role: "in", dtypes: ["f32"], shape: "C", optional: true },
    { name: "y", role: "out", dtypes: ["f32"], shape: "T C" },
  ],
  attributes: [{ name: "reverse", min: 0, max: 1 }],
  work: ["2", "T", "C"],
  split: "C/16",
});
