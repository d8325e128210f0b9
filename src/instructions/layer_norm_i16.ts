import { defineInstruction, ROUNDING } from "./_define.ts";
import { sumsOrCodes } from "./_requantized.ts";

/**
 * I-ViT's integer LayerNorm (ten Newton steps from 2^16, not an exact square root):
 *
 * ```text
 * mean = round_half_even(Σx / C);  d = x − mean;  V = Σd²
 * k = 65536; ten times: k = (k + ⌊V/k⌋) >> 1
 * z = ((d·⌊(2^31−1)/k⌋) >> 1) + bias[c]
 * y = clamp(round(z·multiplier[c] / 2^shift[c]))           or z itself without a multiplier
 * ```
 */
export const layerNormI16 = defineInstruction({
  name: "layer_norm_i16",
  opcode: 4,
  family: "vision",
  category: "normalization",
  operands: [
    { name: "x", role: "in", dtypes: ["i8", "i16"], shape: "* C" },
    { name: "bias", role: "in", holds: "biases", dtypes: ["i32"], shape: "C" },
    {
      name: "multiplier",
      role: "in",
      holds: "factors",
      dtypes: ["i32"],
      shape: "1|C",
      optional: true,
    },
    { name: "shift", role: "in", holds: "factors", dtypes: ["i32"], shape: "1|C", optional: true },
    { name: "y", role: "out", dtypes: ["i8", "i16", "i32"], shape: "* C" },
  ],
  attributes: [ROUNDING],
  rules: sumsOrCodes(["i8", "i16"]),
  work: ["*", "C"],
  split: "*",
});
