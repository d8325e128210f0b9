// acc = Σ_k x[k]·w[n][k], i32, which wraps; then ../kernels/epilogue_shifted.ts.
import { DTYPE_I16 } from "../generated/format";
import { LinearW8 } from "../generated/ops/linear_w8";
import { gemm_i8, gemm_i8_scratch } from "../kernels/gemm_i8";
import { prepare_shifted, SHIFTED_BYTES } from "../kernels/shifted_plan";

export function scratch_linear_w8(op: LinearW8): usize {
  const m = op.x.rows, k = op.x.columns, n = op.y.columns;
  // not monotonic in the rows: blocks are as equal as possible
  let most: usize = 0;
  for (let i = 1; i <= min(m, 256); i++) most = max(most, gemm_i8_scratch(i, k, n));
  return SHIFTED_BYTES + max(most, gemm_i8_scratch(m, k, n));
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
