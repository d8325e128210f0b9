import { defineInstruction } from "./_define.ts";
import { POOLING } from "./pooling.ts";

/**
 * Which place of each window `max_pool_f32` takes: row·kernel_w + column within the window; 255 for a window without places in
 * the picture, and for a place that a byte does not hold.
 */
export const maxPoolPlacesF32 = defineInstruction({
  name: "max_pool_places_f32",
  opcode: 125,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "x", role: "in", dtypes: ["f32"], shape: "B H W C" },
    { name: "y", role: "out", dtypes: ["u8"], shape: "B I J C" },
  ],
  attributes: [
    ...POOLING,
    { name: "dilation_h", min: 1, max: 65535 },
    { name: "dilation_w", min: 1, max: 65535 },
  ],
  work: ["B", "I", "J", "C", "16"],
  split: "B",
});
