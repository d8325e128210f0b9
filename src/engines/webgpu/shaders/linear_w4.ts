import { gemm } from "./_gemm.ts";
import { shiftedFinish } from "./_shifted.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";

/**
 * Linear layer of integer language models, weights of 4 bits: the zero point of a group is taken from four codes at once,
 * without borrowing from the next, and its factor multiplies their product.
 */
export const linearW4: MakeDispatches = (operation) => {
  const ofGroup = (name: string): string =>
    `u32(element_${name}(${name}_at() + ` +
    `((n >> 3u) * zero_columns() + min(k >> (2u + attribute_group()), zero_columns() - 1u)) * 8u + ` +
    "(n & 7u)))";
  const functions = `fn codes_of(n: u32, k: u32) -> u32 {
  let block = (n >> 3u) * ((x_columns() + 15u) >> 4u) + (k >> 2u);
  let word = word_weight((weight_at() >> 2u) + block * 16u + ((k >> 1u) & 1u) * 8u + (n & 7u));
  let codes = (word >> (4u * (k & 1u))) & 0x0f0f0f0fu;
  let zeros = (${ofGroup("zero")} & 15u) * 0x01010101u;
  let signed = ((codes | 0x80808080u) - zeros) ^ 0x80808080u;
  /* behind the last column there are other things in x */
  let rest = min(x_columns() - 4u * k, 4u);
  return signed & (0xffffffffu >> (8u * (4u - rest)));
}
`;
  return gemm(operation, {
    finish: functions + shiftedFinish(operation),
    initial: operation.has("bias") ? "read_bias(0u, n)" : "0",
    weight: "codes_of(n, k)",
    dot: "dot4(v, w)",
    ...operation.has("factor") && { factor: `i32(${ofGroup("factor")})` },
  });
};
