// Row of C float32, every operation rounded, the sum as in ../kernels/sum_f32.ts:
//
//   r = 1 / √((Σ p²) / C + epsilon);  y = ((p·r)·gamma)·silu(x)
import { address, columns, operand, rows, stride } from "../operand";
import { silu_row_f32 } from "../kernels/silu_f32";
import { squares_row } from "../kernels/sum_f32";

export function scratch_hgrn_gate_f32(_context: usize): usize {
  return 0;
}

export function exec_hgrn_gate_f32(context: usize): void {
  const p = operand(context, 0), gamma = address(operand(context, 1)), x = operand(context, 3), y = operand(context, 4);
  const epsilon = load<f32>(address(operand(context, 2)));
  const n = columns(p), count = <f32> n;
  let from = address(p), state = address(x), to = address(y);
  for (let r = rows(p); r > 0; r--, from += stride(p), state += stride(x), to += stride(y)) {
    const mean = squares_row(from, n, 0) / count;
    silu_row_f32(state, from, gamma, <f32> 1 / sqrt<f32>(mean + epsilon), to, n);
  }
}
