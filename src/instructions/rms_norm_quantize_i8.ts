import { defineInstruction } from "./_define.ts";

/**
 * What stands before a ternary layer: RMSNorm, then int8 codes with one scale a row. G norms share
 * one normalised input (the i, f and g projections of HGRN have a gamma each).
 *
 * ```text
 * h      = x, or (x·r₀)·pre_gamma     r₀ = 1/√(Σ x²/C + pre_epsilon)
 * y_g    = (h·r)·gamma_g              r  = 1/√(Σ h²/C + epsilon)
 * alpha  = 127 / max(max|y_g|, 1e-5)
 * q      = clamp(round_half_away(y_g·alpha), −128, 127)
 * ```
 *
 * Every operation is rounded to float32; sums are those of `layer_norm_f32`. A NaN has no part in
 * the maximum and has the code 0.
 */
export const rmsNormQuantizeI8 = defineInstruction({
  name: "rms_norm_quantize_i8",
  opcode: 25,
  family: "language",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "T C" },
    { name: "pre_gamma", role: "in", holds: "norms", dtypes: ["f32"], shape: "C", optional: true },
    {
      name: "pre_epsilon",
      role: "in",
      holds: "norms",
      dtypes: ["f32"],
      shape: "1",
      optional: true,
    },
    { name: "gamma", role: "in", holds: "norms", dtypes: ["f32"], shape: "G C" },
    { name: "epsilon", role: "in", holds: "norms", dtypes: ["f32"], shape: "1" },
    { name: "q", role: "out", dtypes: ["i8"], shape: "G T C" },
    { name: "alpha", role: "out", dtypes: ["f32"], shape: "G T" },
  ],
  rules: [
    { operand: "pre_gamma", present: true, then: "pre_epsilon", is: "present" },
    { operand: "pre_gamma", present: false, then: "pre_epsilon", is: "absent" },
  ],
  work: ["G", "T", "C"],
  split: "T",
});
