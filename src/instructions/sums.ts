import type { AttributeSpec } from "./_define.ts";

/**
 * How a product keeps its sums: as float32, or rounded to 16 bits after each multiply-accumulate, as PULP-TrainLib's kernels do
 * (`src/numeric/accumulate16.ts`), to be compared with.
 *
 * In 16 bits each output has one accumulator that begins at +0 and goes on to the end, without blocks; it is a float32 that a 16-bit
 * float is. A product is that of float32: exact for 16-bit floats, unless it is below 2^-134 or 2^128 and more. Accumulator and
 * product are added and rounded once. A bias is added in float32.
 */
export const SUMS: AttributeSpec = {
  name: "sums",
  min: 0,
  max: 2,
  values: ["f32", "bf16", "f16"],
  optional: true,
};
