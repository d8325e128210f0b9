// acc = Σ_k x[k]·factor[g][n]·(w[n][k] − zero[g][n]), g = min(⌊k / group⌋, G − 1), i32, which wraps; then ../kernels/epilogue_shifted.ts.
import { LinearW4 } from "../generated/ops/linear_w4";
import { Epilogue } from "../kernels/epilogue";
import { gemm_w4, gemm_w4_scratch, Weights4 } from "../kernels/gemm_w4";
import { prepare_shifted, SHIFTED_BYTES } from "../kernels/shifted_plan";

const WEIGHTS_BYTES: usize = 64;

export function scratch_linear_w4(op: LinearW4): usize {
  const m = op.x.rows, k = op.x.columns, group = 16 << op.group;
  // not monotonic in the rows: blocks are as equal as possible
  let most: usize = 0;
  for (let i = 1; i <= min(m, 256); i++) most = max(most, gemm_w4_scratch(i, k, group));
  return SHIFTED_BYTES + WEIGHTS_BYTES + max(most, gemm_w4_scratch(m, k, group));
}

export function exec_linear_w4(op: LinearW4): void {
  const x = op.x, y = op.y, zero = op.zero, factor = op.factor, ep = op.scratch;
  prepare_shifted(
    ep,
    op.bias.address,
    op.multiplier,
    op.shift,
    op.zero_point,
    op.identity,
    op.limit,
    op.bits,
    y,
  );
  const w = changetype<Weights4>(ep + SHIFTED_BYTES);
  w.panels = op.weight.address;
  w.n = y.columns;
  w.k = x.columns;
  w.zero = zero.address;
  w.zero_stride = zero.stride;
  w.factor = factor.address;
  w.factor_stride = factor.stride;
  w.groups = zero.rows;
  w.group = 16 << op.group;
  gemm_w4(
    w,
    x.address,
    x.stride,
    x.rows,
    y.address,
    y.stride,
    changetype<Epilogue>(ep),
    ep + SHIFTED_BYTES + WEIGHTS_BYTES,
  );
}
