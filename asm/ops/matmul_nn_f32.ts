// y[b] = a[b]·b[b]: ../kernels/matmul_f32.ts. Where b is one matrix, it serves the whole batch.
import { MatmulNnF32 } from "../generated/ops/matmul_nn_f32";
import { matmul_f32, matmul_scratch } from "../kernels/matmul_f32";
import { matmul_16 } from "../kernels/sums_16";

export function scratch_matmul_nn_f32(op: MatmulNnF32): usize {
  const y = op.y;
  return matmul_scratch(y.extent1, op.a.columns, y.columns);
}

export function exec_matmul_nn_f32(op: MatmulNnF32): void {
  const a = op.a, b = op.b, y = op.y;
  const m = y.extent1, k = a.columns, n = y.columns;
  const stepA = <usize> m * a.stride;
  const stepB = b.extent0 == 1 ? 0 : <usize> k * b.stride;
  let p = a.address, q = b.address, to = y.address;
  for (let i = y.extent0; i > 0; i--, p += stepA, q += stepB, to += <usize> m * y.stride) {
    if (op.sums) {
      matmul_16(op.sums, p, a.stride, 4, q, b.stride, 0, to, y.stride, m, k, n);
      continue;
    }
    matmul_f32(p, a.stride, q, b.stride, 0, 0, to, y.stride, m, k, n, op.scratch);
  }
}
