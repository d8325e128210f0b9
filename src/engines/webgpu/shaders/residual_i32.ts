import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** The residual of integer language models: rounded half to even, added in 64 bits, clamped once. */
export const residualI32: MakeDispatches = (operation) => {
  const factor = (name: string): string => `read_${name}(0u, ${operation.column(name, "n")})`;
  const arm = `rounded(read_x(row, n), ${factor("multiplier")}, ${factor("shift")}, 0u)`;
  const sum = operation.has("identity") ? `add64(${arm}, wide(read_identity(row, n)))` : arm;
  return {
    stages: [elementwise(
      operation,
      `fn element(row: u32, n: u32) -> u32 {
  let limit = max(0, read_limit(0u, 0u));
  return u32(clamp(saturate32(${sum}), -limit, limit));
}`,
    )],
  };
};
