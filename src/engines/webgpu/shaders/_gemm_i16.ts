/** Products of codes of 16 bits with weights of 8: `x = 256·h + l + 128` with bytes h and l, three dot products a word. */
import type { Dispatches, Operation } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";
import type { Product } from "./_gemm.ts";

/** The dispatches of a product; sums wrap. */
export function wideGemm(
  operation: Operation,
  { finish, initial, weight }: Pick<Product, "finish" | "initial" | "weight">,
): Dispatches {
  return {
    stages: [elementwise(
      operation,
      `${finish}
fn element(row: u32, n: u32) -> u32 {
  var acc = ${initial};
  let total = (x_columns() + 3u) >> 2u;
  for (var k = 0u; k < total; k++) {
    let a = pack_x(row, 4u * k);
    let b = pack_x(row, 4u * k + 2u);
    let high = ((a >> 8u) & 0xffu) | ((a >> 24u) << 8u) | (((b >> 8u) & 0xffu) << 16u) |
      ((b >> 24u) << 24u);
    let low = ((a & 0xffu) | (((a >> 16u) & 0xffu) << 8u) | ((b & 0xffu) << 16u) |
      (((b >> 16u) & 0xffu) << 24u)) ^ 0x80808080u;
    let w = ${weight};
    acc += (dot4(high, w) << 8u) + dot4(low, w) + (dot4(0x01010101u, w) << 7u);
  }
  return finish(acc, row, n);
}`,
    )],
  };
}
