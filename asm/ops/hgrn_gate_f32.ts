// Row of C float32, every operation rounded, the sum as in ../kernels/sum_f32.ts:
//
//   r = 1 / √((Σ p²) / C + epsilon);  y = ((p·r)·gamma)·silu(x)
import { HgrnGateF32 } from "../generated/ops/hgrn_gate_f32";
import { silu_row_f32 } from "../kernels/silu_f32";
import { squares_row } from "../kernels/sum_f32";

export function scratch_hgrn_gate_f32(_op: HgrnGateF32): usize {
  return 0;
}

export function exec_hgrn_gate_f32(op: HgrnGateF32): void {
  const p = op.p, gamma = op.gamma.address, x = op.x, y = op.y;
  const epsilon = load<f32>(op.epsilon.address);
  const n = p.columns, count = <f32> n;
  let from = p.address, state = x.address, to = y.address;
  for (let r = p.rows; r > 0; r--, from += p.stride, state += x.stride, to += y.stride) {
    const mean = squares_row(from, n, 0) / count;
    silu_row_f32(state, from, gamma, <f32> 1 / sqrt<f32>(mean + epsilon), to, n);
  }
}
