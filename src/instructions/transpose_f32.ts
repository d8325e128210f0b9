import { defineInstruction } from "./_define.ts";

/**
 * `y[a][c][b] = x[a][b][c]`, each a row of D elements: two neighbouring axes change places. With reshapes around
 * it, channels go first or last, heads go before tokens, a matrix is transposed.
 */
export const transposeF32 = defineInstruction({
  name: "transpose_f32",
  opcode: 68,
  family: "train",
  category: "movement",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "A B C D" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "A C B D" },
  ],
  work: ["A", "B", "C", "D"],
  split: "A",
});
