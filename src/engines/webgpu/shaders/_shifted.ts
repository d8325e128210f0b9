import type { Operation } from "../wgsl/operation.ts";

/** From an accumulator to the bits of y, as `src/instructions/_shifted.ts` says. */
export function shiftedFinish(operation: Operation): string {
  const has = (name: string): boolean => operation.has(name);
  const multiplier = `read_multiplier(0u, ${operation.column("multiplier", "n")})`;
  const added = has("zero_point")
    ? `read_zero_point(0u, ${operation.column("zero_point", "n")})`
    : has("identity")
    ? "read_identity(row, n)"
    : undefined;
  const rounded = `saturate32(rounded(acc, ${multiplier}, read_shift(0u, 0u), 0u))`;
  const sum = added ? `saturate32(add64(wide(${rounded}), wide(${added})))` : rounded;
  const range = has("limit")
    ? "let high = max(0, read_limit(0u, 0u)); let low = -high;"
    : "let high = i32((1u << (attribute_bits() - 1u)) - 1u); let low = -high - 1;";
  const [least, most] = { i8: ["-128", "127"], i16: ["-32768", "32767"] }[
    operation.dtype("y") as string
  ] ?? [];
  const value = `clamp(${sum}, low, high)`;
  return `fn finish(acc: i32, row: u32, n: u32) -> u32 {
  ${range}
  return u32(${least === undefined ? value : `clamp(${value}, ${least}, ${most})`});
}`;
}
