import { defineInstruction } from "./_define.ts";

/**
 * RMSNorm of integer language models, epsilon within the sum of squares:
 *
 * ```text
 * S    = (Σ x² + epsilon) mod 2^62, 0 counts as 1          epsilon = round(C·ε·4^k) of x at scale 2^−k
 * k    = ⌊(62 − bits of S) / 2⌋
 * root = ⌊√(S·4^k)⌋                                        2^30 … 2^31 − 1
 * f    = min(⌊2^61 / root⌋, 2^31 − 1)                      1/√S = f·2^(k−61)
 * t    = (x·f + 2^(36−k)) >> (37 − k)                      x/√S with 24 fractional bits, in i32
 * y    = clamp(clamp32((t·gain[c] + 2^(s−1)) >> s) + zero_point, −2^(bits−1), 2^(bits−1) − 1)
 * s    = 24 + shift, at least 1 and at most 62
 * ```
 *
 * Products are exact in 64 bits. Where |x| ≤ √((2^62 − 1 − epsilon) / C), as `residual_i32` limits it, S is
 * the sum itself and |t| ≤ 2^24. gain / 2^shift is γ·√C over the scale of y.
 */
export const rmsNormI32 = defineInstruction({
  name: "rms_norm_i32",
  opcode: 46,
  family: "integer",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["i32"], shape: "* C" },
    { name: "epsilon", role: "in", holds: "norms", dtypes: ["i32"], shape: "1" },
    { name: "gain", role: "in", holds: "norms", dtypes: ["i32"], shape: "C" },
    { name: "shift", role: "in", holds: "norms", dtypes: ["i32"], shape: "1" },
    { name: "zero_point", role: "in", holds: "factors", dtypes: ["i32"], shape: "1" },
    { name: "y", role: "out", dtypes: ["i8", "i16"], shape: "* C" },
  ],
  attributes: [{ name: "bits", min: 2, max: 16 }],
  work: ["2", "*", "C"],
  split: "*",
});
