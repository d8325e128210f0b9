import { defineInstruction } from "./_define.ts";

/**
 * `y` is one of the two 16-bit floats next to x, by the random word of the element (`src/numeric/stochastic.ts`), which is that of
 * `dropout_f32`: row-major in x, from a first one on.
 */
export const roundStochasticF32 = defineInstruction({
  name: "round_stochastic_f32",
  opcode: 105,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "* N" },
    // Seed, step and first element, two words each, the low one first.
    { name: "random", role: "in", dtypes: ["i32"], shape: "6" },
    { name: "stream", role: "in", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["f16", "bf16"], shape: "* N" },
  ],
  work: ["16", "*", "N"],
  split: "*",
});
