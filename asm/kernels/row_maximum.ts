import { mask_first } from "./pack";

/** −128 in all bytes. */
export const LOWEST: usize = memory.data<i64>([-9187201950435737472, -9187201950435737472], 16);

/** Largest of n > 0 i8. */
export function row_maximum(x: usize, n: i32): i32 {
  const lowest = v128.load(LOWEST);
  let high = lowest;
  const whole = n & ~15;
  for (let i = 0; i < whole; i += 16) high = i8x16.max_s(high, v128.load(x + <usize> i));
  if (n & 15) {
    high = i8x16.max_s(
      high,
      v128.bitselect(v128.load(x + <usize> whole), lowest, mask_first(n & 15)),
    );
  }
  high = i8x16.max_s(high, v128.shuffle<i64>(high, high, 1, 0));
  high = i8x16.max_s(high, i64x2.shr_u(high, 32));
  high = i8x16.max_s(high, i64x2.shr_u(high, 16));
  high = i8x16.max_s(high, i64x2.shr_u(high, 8));
  return <i32> i8x16.extract_lane_s(high, 0);
}
