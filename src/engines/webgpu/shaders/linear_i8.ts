import { gemm } from "./_gemm.ts";
import type { MakeDispatches, Operation } from "../wgsl/operation.ts";
import { arm, saturated, withZeroPoint } from "./_requantized.ts";

/** Integer linear layer with its requantisations; panels are used as they lie. */
export const linearI8: MakeDispatches = (operation) => {
  return gemm(operation, {
    finish: linearFinish(operation),
    initial: operation.has("bias") ? "read_bias(0u, n)" : "0",
    weight: linearWeight(operation),
    dot: "dot4(v, w)",
  });
};

/** The codes of word k of column n, in WGSL. */
export function linearWeight(operation: Operation): string {
  const word = "word_weight((weight_at() >> 2u) + " +
    "((n >> 3u) * ((x_columns() + 3u) >> 2u) + k) * 8u + (n & 7u))";
  // 64 is taken from each byte, without borrowing from the next.
  return operation.get("weight").layout === "panel_8x4_u7"
    ? `((${word} | 0x80808080u) - 0x40404040u) ^ 0x80808080u`
    : word;
}

/** From an accumulator to the bits of y. */
export function linearFinish(operation: Operation): string {
  if (!operation.has("multiplier")) {
    return "fn finish(acc: i32, row: u32, n: u32) -> u32 { return u32(acc); }";
  }
  const dtype = operation.dtype("y");
  const lines = [
    `var r = ${saturated(dtype, withZeroPoint(operation, arm(operation, "acc", "n")))};`,
  ];
  if (operation.has("table")) lines.push("r = read_table(0u, u32(r + 128));");
  if (operation.has("identity")) {
    const first = arm(operation, "r", "0u", "", "2");
    const second = arm(operation, "read_identity(row, n)", "0u", "identity_");
    lines.push(`r = ${saturated(dtype, `add64(${first}, ${second})`)};`);
  }
  return `fn finish(acc: i32, row: u32, n: u32) -> u32 {
  ${lines.join("\n  ")}
  return u32(r);
}`;
}
