import { gemm } from "./_gemm.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/** Linear layer with ternary weights, `t + 1` in two bits; exact sums, then one float32 factor a row. */
export const linearTernary: MakeDispatches = (operation) => {
  const factor = "f_div(read_weight_scale(0u, 0u), read_alpha(row, 0u))";
  const product = `f_mul(f_from_i32(acc), ${factor})`;
  const result = !operation.has("alpha")
    ? "u32(acc)"
    : operation.has("identity")
    ? `f_add(${product}, read_identity(row, n))`
    : product;
  return gemm(operation, {
    finish: `fn finish(acc: i32, row: u32, n: u32) -> u32 { return ${result}; }`,
    initial: "0",
    // Of a word of 16 codes, word k of x meets those at bits 2·(k mod 4) of each byte.
    weight: "(word_weight((weight_at() >> 2u) + " +
      "((n >> 3u) * ((x_columns() + 15u) >> 4u) + (k >> 2u)) * 8u + (n & 7u)) " +
      ">> (2u * (k & 3u))) & 0x03030303u",
    dot: "dot4(v, w) - dot4(v, 0x01010101u)",
  });
};
