import type { AttributeSpec } from "./_define.ts";

/**
 * Tap (p, q) of output (i, j) reads row `i·stride_h + p·dilation_h − pad_top` and column
 * `j·stride_w + q·dilation_w − pad_left`. What is left out of the picture below and right follows from the extents.
 */
export const CONVOLUTION: readonly AttributeSpec[] = [
  { name: "stride_h", min: 1, max: 65535 },
  { name: "stride_w", min: 1, max: 65535 },
  { name: "pad_top", min: 0, max: 65535 },
  { name: "pad_left", min: 0, max: 65535 },
  { name: "dilation_h", min: 1, max: 65535 },
  { name: "dilation_w", min: 1, max: 65535 },
  { name: "group", min: 1, max: 65535 },
];
