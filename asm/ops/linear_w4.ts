// acc = Σ_k x[k]·factor[n][g]·(w[n][k] − zero[n][g]), g = min(⌊k / group⌋, G − 1), i32, which wraps; then ../kernels/epilogue_shifted.ts.
import { LinearW4 } from "../generated/ops/linear_w4";
import { Epilogue } from "../kernels/epilogue";
import { gemm_w4, gemm_w4_scratch } from "../kernels/gemm_w4";
import { Groups } from "../kernels/microkernels_w4";
import { prepare_shifted, SHIFTED_BYTES } from "../kernels/shifted_plan";

const GROUPS_BYTES: usize = 64;

export function scratch_linear_w4(op: LinearW4): usize {
  const m = op.x.rows, k = op.x.columns, n = op.y.columns;
  return SHIFTED_BYTES + GROUPS_BYTES + gemm_w4_scratch(m, k, n, 1 << op.group);
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
  const g = changetype<Groups>(ep + SHIFTED_BYTES);
  g.zeros = zero.address;
  g.factors = factor.address;
  g.count = zero.columns;
  g.blocks = 1 << op.group;
  g.all = (x.columns + 15) >> 4;
  gemm_w4(
    g,
    x.address,
    x.stride,
    x.rows,
    x.columns,
    op.weight.address,
    y.columns,
    y.address,
    y.stride,
    changetype<Epilogue>(ep),
    ep + SHIFTED_BYTES + GROUPS_BYTES,
    op.dot,
  );
}
