import { linearFinish } from "./linear_i8.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `linear_i8` of activations of 16 bits: `x = 256·h + l + 128` with bytes h and l, three dot products a word; sums wrap. */
export const linearI16: MakeDispatches = (operation) => {
  const word = "word_weight((weight_at() >> 2u) + " +
    "((n >> 3u) * ((x_columns() + 3u) >> 2u) + k) * 8u + (n & 7u))";
  const weight = operation.get("weight").layout === "panel_8x4_u7"
    ? `((${word} | 0x80808080u) - 0x40404040u) ^ 0x80808080u`
    : word;
  return {
    stages: [elementwise(
      operation,
      `${linearFinish(operation)}
fn element(row: u32, n: u32) -> u32 {
  var acc = ${operation.has("bias") ? "read_bias(0u, n)" : "0"};
  let total = (x_columns() + 3u) >> 2u;
  for (var k = 0u; k < total; k++) {
    let a = pack_x(row, 4u * k);
    let b = pack_x(row, 4u * k + 2u);
    let high = ((a >> 8u) & 0xffu) | ((a >> 24u) << 8u) | (((b >> 8u) & 0xffu) << 16u) |
      ((b >> 24u) << 24u);
    let low = ((a & 0xffu) | (((a >> 16u) & 0xffu) << 8u) | ((b & 0xffu) << 16u) |
      (((b >> 16u) & 0xffu) << 24u)) ^ 0x80808080u;
    let w = ${weight};
    acc += (dot4I8Packed(high, w) << 8u) + dot4I8Packed(low, w) +
      (dot4I8Packed(0x01010101u, w) << 7u);
  }
  return finish(acc, row, n);
}`,
    )],
  };
};
