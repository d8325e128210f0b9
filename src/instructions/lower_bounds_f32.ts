import { defineInstruction } from "./_define.ts";

/**
 * Lower bounds of the forget gates of HGRN: the softmax of x over the layers, summed up to the layer, less the first
 * layer's share. In float64 by `src/numeric/exp64.ts`, rounded once.
 */
export const lowerBoundsF32 = defineInstruction({
  name: "lower_bounds_f32",
  opcode: 122,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "L C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "L C" },
  ],
  work: ["16", "L", "C"],
  split: "C",
});
