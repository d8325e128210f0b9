// y[b] = a[b]·b[b]ᵀ (+ bias): ../kernels/matmul_f32.ts. Where b is one matrix, it serves the whole batch.
import { MatmulNtF32 } from "../generated/ops/matmul_nt_f32";
import { gemv_nt_f32 } from "../kernels/gemv_nt_f32";
import { matmul_f32, matmul_scratch } from "../kernels/matmul_f32";
import { matmul_16, turn_rows, turned_bytes_16 } from "../kernels/sums_16";

export function scratch_matmul_nt_f32(op: MatmulNtF32): usize {
  const y = op.y;
  if (op.sums) return turned_bytes_16(y.columns, op.a.columns);
  return matmul_scratch(y.extent1, op.a.columns, y.columns);
}

export function exec_matmul_nt_f32(op: MatmulNtF32): void {
  const a = op.a, b = op.b, y = op.y;
  const m = y.extent1, k = a.columns, n = y.columns;
  const stepA = <usize> m * a.stride;
  const stepB = b.extent0 == 1 ? 0 : <usize> n * b.stride;
  let p = a.address, q = b.address, to = y.address;
  for (let i = y.extent0; i > 0; i--, p += stepA, q += stepB, to += <usize> m * y.stride) {
    if (op.sums) {
      const turned = op.scratch + 63 & ~63, row = <usize> n << 2;
      if (i == y.extent0 || stepB) turn_rows(q, b.stride, n, k, turned);
      const bias = op.bias.address;
      matmul_16(op.sums, p, a.stride, 4, turned, row, bias, to, y.stride, m, k, n);
      continue;
    }
    // Of one row each weight is read once; also where it has 16 bits (mixed.ts).
    if (m == 1) {
      gemv_nt_f32(p, q, b.stride, b.dtype, op.bias.address, to, k, n, op.scratch);
      continue;
    }
    matmul_f32(p, a.stride, q, b.stride, 1, op.bias.address, to, y.stride, m, k, n, op.scratch);
  }
}
