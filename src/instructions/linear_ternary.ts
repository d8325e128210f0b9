import { defineInstruction } from "./_define.ts";

/**
 * Linear layer with weights of −1, 0 and 1:
 *
 * ```text
 * acc = Σ_k x[k]·weight[n][k]                              i32, exact
 * y   = acc                                                 without alpha
 * y   = fl(acc)·(weight_scale / alpha) [+ identity]         every operation rounded to float32
 * ```
 *
 * `alpha` is the row's factor of `rms_norm_quantize_i8`, `weight_scale` the mean magnitude of the
 * weights that were made ternary (MatMul-free LM, FusedBitLinear).
 */
export const linearTernary = defineInstruction({
  name: "linear_ternary",
  opcode: 26,
  family: "language",
  category: "linear",
  operands: [
    { name: "x", role: "in", dtypes: ["i8"], shape: "* K" },
    { name: "alpha", role: "in", dtypes: ["f32"], shape: "* 1", optional: true },
    {
      name: "weight",
      role: "in",
      holds: "weights",
      dtypes: ["i8"],
      layouts: ["panel_8x16_t2"],
      shape: "N K",
    },
    {
      name: "weight_scale",
      role: "in",
      holds: "factors",
      dtypes: ["f32"],
      shape: "1",
      optional: true,
    },
    { name: "identity", role: "in", dtypes: ["f32"], shape: "* N", optional: true },
    { name: "y", role: "out", dtypes: ["i32", "f32"], shape: "* N" },
  ],
  rules: [
    { operand: "alpha", present: true, then: "weight_scale", is: "present" },
    { operand: "alpha", present: true, then: "y", is: ["f32"] },
    { operand: "alpha", present: false, then: "weight_scale", is: "absent" },
    { operand: "alpha", present: false, then: "identity", is: "absent" },
    { operand: "alpha", present: false, then: "y", is: ["i32"] },
  ],
  work: ["*", "K", "N"],
  split: "*/4 | N/8",
});
