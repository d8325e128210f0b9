// y = silu(gate)·up, element by element: ../kernels/silu_f32.ts.
import { SwigluF32 } from "../generated/ops/swiglu_f32";
import { silu_row_f32 } from "../kernels/silu_f32";

export function scratch_swiglu_f32(_op: SwigluF32): usize {
  return 0;
}

export function exec_swiglu_f32(op: SwigluF32): void {
  const gate = op.gate, up = op.up, y = op.y;
  let from = gate.address, other = up.address, to = y.address;
  for (let r = y.rows; r > 0; r--, from += gate.stride, other += up.stride, to += y.stride) {
    silu_row_f32(from, other, 0, 1, to, y.columns);
  }
}
