// acc = Σ_k x[k]·w[n][k], i32, which wraps; then ../kernels/epilogue_shifted.ts.
import { DTYPE_I16 } from "../generated/format";
import { LinearW8 } from "../generated/ops/linear_w8";
import { gemm_i8, gemm_i8_scratch } from "../kernels/gemm_i8";
import { prepare_shifted, SHIFTED_BYTES } from "../kernels/shifted_plan";

export function scratch_linear_w8(op: LinearW8): usize {
  return SHIFTED_BYTES + gemm_i8_scratch(op.x.rows, op.x.columns, op.y.columns);
}

export function exec_linear_w8(op: LinearW8): void {
  const x = op.x, y = op.y;
  prepare_shifted(
    op.scratch,
    op.bias.address,
    op.multiplier,
    op.shift,
    op.zero_point,
    op.identity,
    op.limit,
    op.bits,
    y,
  );
  gemm_i8(
    x.address,
    x.stride,
    x.rows,
    x.columns,
    op.weight.address,
    y.columns,
    y.address,
    y.stride,
    op.scratch,
    op.scratch + SHIFTED_BYTES,
    0,
    x.dtype == DTYPE_I16,
    op.dot,
  );
}
