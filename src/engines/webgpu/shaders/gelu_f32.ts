import { TAIL_COEFFICIENTS, TAIL_STEP } from "../../../numeric/normal_tail.ts";
import { bitsOf } from "../wgsl/float32.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** `max(x, 0) − |x|·Φ(−|x|)`, |x| at most 14. */
export const geluF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `const TAIL = array<u32, ${TAIL_COEFFICIENTS.length}>(${
      TAIL_COEFFICIENTS.map(bitsOf).join(", ")
    });
fn normal_tail(a: u32) -> u32 {
  let t = f_div(ONE, f_add(f_mul(a, ${bitsOf(TAIL_STEP)}), ONE));
  var p = TAIL[0];
  for (var i = 1u; i < ${TAIL_COEFFICIENTS.length}u; i++) { p = f_add(f_mul(p, t), TAIL[i]); }
  return f_mul(f_exp(f_mul(f_mul(a, ${bitsOf(-0.5)}), a)), f_mul(p, t));
}
fn element(row: u32, column: u32) -> u32 {
  let x = read_x(row, column);
  let size = x & 0x7fffffffu;
  let a = select(size, ${bitsOf(14)}, f_less(${bitsOf(14)}, size));
  return f_sub(select(x, 0u, f_less(x, 0u)), f_mul(a, normal_tail(a)));
}`,
  )],
});
