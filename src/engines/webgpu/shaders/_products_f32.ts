/** Sums of products in float32. */
import type { Operation } from "../wgsl/operation.ts";

/**
 * `plus_product(sum, a, b)` in WGSL: product and sum each rounded, or, where the caller asked for it, as the GPU has them:
 * it may contract them, and take subnormals for 0.
 */
export function plusProduct({ isFast }: Operation): string {
  const result = isFast
    ? "bitcast<u32>(bitcast<f32>(sum) + bitcast<f32>(a) * bitcast<f32>(b))"
    : "f_add(sum, f_mul(a, b))";
  return `fn plus_product(sum: u32, a: u32, b: u32) -> u32 { return ${result}; }
`;
}
