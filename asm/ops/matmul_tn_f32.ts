// y[b] = a[b]ᵀ·b[b]: ../kernels/matmul_f32.ts. Where b is one matrix, it serves the whole batch.
import { MatmulTnF32 } from "../generated/ops/matmul_tn_f32";
import { matmul_tn_f32, matmul_tn_scratch } from "../kernels/matmul_f32";
import { matmul_16 } from "../kernels/sums_16";

export function scratch_matmul_tn_f32(op: MatmulTnF32): usize {
  const y = op.y;
  return matmul_tn_scratch(y.extent1, y.columns);
}

export function exec_matmul_tn_f32(op: MatmulTnF32): void {
  const a = op.a, b = op.b, y = op.y;
  const m = y.extent1, k = a.extent1, n = y.columns;
  const stepA = <usize> k * a.stride;
  const stepB = b.extent0 == 1 ? 0 : <usize> k * b.stride;
  let p = a.address, q = b.address, to = y.address;
  for (let i = y.extent0; i > 0; i--, p += stepA, q += stepB, to += <usize> m * y.stride) {
    if (op.sums) {
      matmul_16(op.sums, p, 4, a.stride, q, b.stride, 0, to, y.stride, m, k, n);
      continue;
    }
    matmul_tn_f32(p, a.stride, q, b.stride, to, y.stride, m, k, n, op.scratch);
  }
}
