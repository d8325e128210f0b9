import { bitsOf } from "../wgsl/float32.ts";
import type { MakeDispatches } from "../wgsl/operation.ts";
import { elementwise } from "./_word_owner.ts";

/** Of `Φ(−a)·e^(a²/2)` in `1 / (1 + 0.3·a)`, highest power first (asm/kernels/f32_math.ts). */
const TAIL: readonly number[] = [
  0.035674773156642914,
  -0.1572030782699585,
  0.20635348558425903,
  -0.05368364229798317,
  0.12856163084506989,
  0.09991349279880524,
  0.12075395882129669,
  0.11962930113077164,
];

/** `max(x, 0) − |x|·Φ(−|x|)`, |x| at most 14. */
export const geluF32: MakeDispatches = (operation) => ({
  stages: [elementwise(
    operation,
    `const TAIL = array<u32, ${TAIL.length}>(${TAIL.map(bitsOf).join(", ")});
fn normal_tail(a: u32) -> u32 {
  let t = f_div(ONE, f_add(f_mul(a, ${bitsOf(0.3)}), ONE));
  var p = TAIL[0];
  for (var i = 1u; i < ${TAIL.length}u; i++) { p = f_add(f_mul(p, t), TAIL[i]); }
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
