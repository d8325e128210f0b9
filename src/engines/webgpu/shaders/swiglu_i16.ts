import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** A table of the gate's codes times the other half. */
export const swigluI16: MakeDispatches = (operation) => {
  const [least, most] = operation.dtype("y") === "i8" ? [-128, 127] : [-2048, 2047];
  const element = `fn element(row: u32, k: u32) -> u32 {
  let code = u32(clamp(read_gate(row, k), -2048, 2047) + 2048);
  let product = read_table(0u, code) * read_up(row, k);
  let r = rounded(product, 1, read_shift(0u, 0u), 0u);
  return u32(clamp(saturate32(add64(r, wide(read_zero_point(0u, 0u)))), ${least}, ${most}));
}`;
  return { stages: [elementwise(operation, element)] };
};
