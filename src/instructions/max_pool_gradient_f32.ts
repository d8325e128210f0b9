import { defineInstruction } from "./_define.ts";
import { POOLING } from "./pooling.ts";

/**
 * The gradient of `max_pool_f32`: `dx` of the largest of each window is the sum of `dy` of its windows, in their
 * order.
 */
export const maxPoolGradientF32 = defineInstruction({
  name: "max_pool_gradient_f32",
  opcode: 78,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B H W C" },
    { name: "dy", role: "in", dtypes: ["f32"], shape: "B I J C" },
    { name: "dx", role: "out", dtypes: ["f32"], shape: "B H W C" },
  ],
  attributes: [
    ...POOLING,
    { name: "dilation_h", min: 1, max: 65535 },
    { name: "dilation_w", min: 1, max: 65535 },
  ],
  work: ["B", "I", "J", "C", "16"],
  split: "B",
});
