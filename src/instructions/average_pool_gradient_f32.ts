import { defineInstruction } from "./_define.ts";
import { POOLING } from "./pooling.ts";

/**
 * The gradient of `average_pool_f32`: `dy / divisor` is added to each place of the window, windows in their
 * order.
 */
export const averagePoolGradientF32 = defineInstruction({
  name: "average_pool_gradient_f32",
  opcode: 80,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "dy", role: "in", dtypes: ["f32"], shape: "B I J C" },
    { name: "divisor", role: "in", dtypes: ["f32"], shape: "I J" },
    { name: "dx", role: "out", dtypes: ["f32"], shape: "B H W C" },
  ],
  attributes: POOLING,
  work: ["B", "I", "J", "C", "16"],
  split: "B",
});
