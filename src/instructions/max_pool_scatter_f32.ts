import { defineInstruction } from "./_define.ts";
import { POOLING } from "./pooling.ts";

/**
 * The gradient of `max_pool_f32` by the places that `max_pool_places_f32` gives, so that x need not be kept: `dy` of each window is
 * added to its place, windows in order. A place that is none in the picture takes nothing.
 */
export const maxPoolScatterF32 = defineInstruction({
  name: "max_pool_scatter_f32",
  opcode: 126,
  family: "train",
  category: "elementwise",
  operands: [
    { name: "places", role: "in", dtypes: ["u8"], shape: "B I J C" },
    { name: "dy", role: "in", dtypes: ["f32"], shape: "B I J C" },
    { name: "dx", role: "out", dtypes: ["f32"], shape: "B H W C" },
  ],
  attributes: [
    ...POOLING,
    { name: "dilation_h", min: 1, max: 65535 },
    { name: "dilation_w", min: 1, max: 65535 },
  ],
  work: ["B", "I", "J", "C", "2"],
  split: "B",
});
