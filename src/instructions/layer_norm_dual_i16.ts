import { defineInstruction, ROUNDING } from "./_define.ts";

/**
 * `layer_norm_i16` with two requantised results of the same z: one for the layers that follow, one
 * for the residual.
 *
 * ```text
 * y  = clamp(round(z·multiplier[c] / 2^shift[c]))
 * y2 = clamp(round(z·multiplier2[c] / 2^shift2[c]))
 * ```
 */
export const layerNormDualI16 = defineInstruction({
  name: "layer_norm_dual_i16",
  opcode: 33,
  family: "encoder",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16"], shape: "* C" },
    { name: "bias", role: "in", holds: "biases", dtypes: ["i32"], shape: "C" },
    { name: "multiplier", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|C" },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|C" },
    { name: "multiplier2", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|C" },
    { name: "shift2", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|C" },
    { name: "y", role: "out", dtypes: ["i8", "i16"], shape: "* C" },
    { name: "y2", role: "out", dtypes: ["i8", "i16"], shape: "* C" },
  ],
  attributes: [ROUNDING],
  work: ["*", "C"],
  split: "*",
});
