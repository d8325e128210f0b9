// acc = Σ_k x[k]·t[n][k], i32; without alpha y = acc, else y = fl(fl(acc)·fl(weight_scale/alpha)) [+ identity] (../kernels/gemm_t2.ts).
import { LinearTernary } from "../generated/ops/linear_ternary";
import { gemm_t2, gemm_t2_scratch } from "../kernels/gemm_t2";

export function scratch_linear_ternary(op: LinearTernary): usize {
  const x = op.x;
  return gemm_t2_scratch(x.rows, x.columns);
}

export function exec_linear_ternary(op: LinearTernary): void {
  const x = op.x, alpha = op.alpha, identity = op.identity, y = op.y;
  const scale = alpha.address ? load<f32>(op.weight_scale.address) : 1;
  gemm_t2(
    x.address,
    x.stride,
    x.rows,
    x.columns,
    op.weight.address,
    y.columns,
    y.address,
    y.stride,
    alpha.address,
    alpha.stride,
    scale,
    identity.address,
    identity.stride,
    op.scratch,
    op.dot,
  );
}
