import { defineInstruction } from "./_define.ts";

/**
 * The output gate of HGRN: `y = ((p·r)·gamma)·(x / (1 + e^−x))`, `r = 1/√(Σ p²/C + epsilon)`. The
 * projection p is normalised, the recurrent state x goes through SiLU (below −88 it counts as −88). Every operation is rounded to
 * float32; the sum is that of `layer_norm_f32`.
 */
export const hgrnGateF32 = defineInstruction({
  name: "hgrn_gate_f32",
  opcode: 28,
  family: "language",
  category: "elementwise",
  operands: [
    { name: "p", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "gamma", role: "in", holds: "norms", dtypes: ["f32"], shape: "C" },
    { name: "epsilon", role: "in", holds: "norms", dtypes: ["f32"], shape: "1" },
    { name: "x", role: "in", dtypes: ["f32"], shape: "* C" },
    { name: "y", role: "out", dtypes: ["f32"], shape: "* C" },
  ],
  work: ["8", "*", "C"],
  split: "*",
});
