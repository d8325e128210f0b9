// y = fl(fl(Σ + bias[n]) + identity): Σ starts at +0 and adds fl(x[k]·w[n][k]), k ascending, each sum rounded (../kernels/gemm_f32.ts).
// precision = fast: the relaxed build may round a product and its sum once.
import { PRECISION_FAST } from "../generated/attributes";
import { LinearF32 } from "../generated/ops/linear_f32";
import { gemm_f32, gemm_f32_fast, gemm_f32_scratch } from "../kernels/gemm_f32";

export function scratch_linear_f32(op: LinearF32): usize {
  const x = op.x;
  return gemm_f32_scratch(x.rows, x.columns, op.y.columns);
}

export function exec_linear_f32(op: LinearF32): void {
  const x = op.x, weight = op.weight.address, bias = op.bias.address;
  const identity = op.identity, y = op.y;
  if (op.precision == PRECISION_FAST) {
    gemm_f32_fast(
      x.address,
      x.stride,
      x.rows,
      x.columns,
      weight,
      y.columns,
      y.address,
      y.stride,
      bias,
      identity.address,
      identity.stride,
      op.scratch,
    );
  } else {
    gemm_f32(
      x.address,
      x.stride,
      x.rows,
      x.columns,
      weight,
      y.columns,
      y.address,
      y.stride,
      bias,
      identity.address,
      identity.stride,
      op.scratch,
    );
  }
}
