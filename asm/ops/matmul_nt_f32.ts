// y[b] = a[b]·b[b]ᵀ (+ bias): ../kernels/matmul_f32.ts. Where b is one matrix, it serves the whole batch.
import { MatmulNtF32 } from "../generated/ops/matmul_nt_f32";
import { gemv_nt_f32 } from "../kernels/gemv_nt_f32";
import { matmul_f32, matmul_scratch } from "../kernels/matmul_f32";

export function scratch_matmul_nt_f32(op: MatmulNtF32): usize {
  const y = op.y;
  return matmul_scratch(y.extent1, op.a.columns, y.columns);
}

export function exec_matmul_nt_f32(op: MatmulNtF32): void {
  const a = op.a, b = op.b, y = op.y;
  const m = y.extent1, k = a.columns, n = y.columns;
  const stepA = <usize> m * a.stride;
  const stepB = b.extent0 == 1 ? 0 : <usize> n * b.stride;
  let p = a.address, q = b.address, to = y.address;
  for (let i = y.extent0; i > 0; i--, p += stepA, q += stepB, to += <usize> m * y.stride) {
    // Of one row each weight is read once; also where it has 16 bits (mixed.ts).
    if (m == 1) {
      gemv_nt_f32(p, q, b.stride, b.dtype, op.bias.address, to, k, n, op.scratch);
      continue;
    }
    matmul_f32(p, a.stride, q, b.stride, 1, op.bias.address, to, y.stride, m, k, n, op.scratch);
  }
}
