import type { AttributeSpec } from "./_define.ts";

/** Windows of a picture, as the taps of `CONVOLUTION`. */
export const POOLING: readonly AttributeSpec[] = [
  { name: "kernel_h", min: 1, max: 65535 },
  { name: "kernel_w", min: 1, max: 65535 },
  { name: "stride_h", min: 1, max: 65535 },
  { name: "stride_w", min: 1, max: 65535 },
  { name: "pad_top", min: 0, max: 65535 },
  { name: "pad_left", min: 0, max: 65535 },
];
