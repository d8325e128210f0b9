import type { MakeDispatches } from "../wgsl/operation.ts";
import { reduce, rowwise } from "./_rows.ts";
import { elementwise } from "./_word_owner.ts";

/** Words of scratch memory of a row: f and k. */
const WORDS = 2;

/** RMSNorm in integers: `1/√S = f·2^(k−61)` of each row, then elements. */
export const rmsNormI32: MakeDispatches = (operation) => {
  const [least, most] = operation.dtype("y") === "i8" ? [-128, 127] : [-32768, 32767];
  return {
    stages: [
      rowwise(
        "x",
        "var<workgroup> squares: array<vec2<u32>, 64>;",
        `var v = vec2<u32>(0u);
  for (var c = lane; c < x_columns(); c += 64u) {
    let size = magnitude(read_x(row, c));
    v = add64(v, mul_wide(size, size));
  }
  squares[lane] = v;
  ${reduce("squares", "add64(a, b)")}
  if (lane == 0u) {
    var S = add64(squares[0], wide(read_epsilon(0u, 0u)));
    S.y &= 0x3fffffffu;
    if (S.x == 0u && S.y == 0u) { S.x = 1u; }
    let bits = select(64u - countLeadingZeros(S.y), 32u - countLeadingZeros(S.x), S.y == 0u);
    let k = (62u - bits) >> 1u;
    S = shl64(S, 2u * k);
    var root = 0u;
    for (var bit = 0x40000000u; bit != 0u; bit >>= 1u) {
      let p = mul_wide(root | bit, root | bit);
      if (p.y < S.y || (p.y == S.y && p.x <= S.x)) { root |= bit; }
    }
    let f = div64(vec2<u32>(0u, 0x20000000u), vec2<u32>(root, 0u));
    memory[scratch() + ${WORDS}u * row] = min(f.x, 0x7fffffffu);
    memory[scratch() + ${WORDS}u * row + 1u] = k;
  }`,
      ),
      elementwise(
        operation,
        `fn element(row: u32, c: u32) -> u32 {
  let f = i32(memory[scratch() + ${WORDS}u * row]);
  let k = memory[scratch() + ${WORDS}u * row + 1u];
  let half = shl64(vec2<u32>(1u, 0u), 36u - k);
  let t = i32(sar64(add64(mul_signed(read_x(row, c), f), half), 37u - k).x);
  let s = u32(clamp(read_shift(0u, 0u), -23, 38) + 24);
  let up = shl64(vec2<u32>(1u, 0u), s - 1u);
  let scaled = saturate32(sar64(add64(mul_signed(t, read_gain(0u, c)), up), s));
  let code = saturate32(add64(wide(scaled), wide(read_zero_point(0u, 0u))));
  let high = i32((1u << (attribute_bits() - 1u)) - 1u);
  return u32(clamp(clamp(code, -high - 1, high), ${least}, ${most}));
}`,
      ),
    ],
    scratchWords: WORDS * operation.most("x").rows,
  };
};
