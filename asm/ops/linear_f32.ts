// y = fl(fl(Σ + bias[n]) + identity): Σ starts at +0 and adds fl(x[k]·w[n][k]), k ascending, each sum rounded (../kernels/gemm_f32.ts).
// precision = fast: the relaxed build may round a product and its sum once.
import { address, attribute, columns, operand, rows, scratch, stride } from "../operand";
import { gemm_f32, gemm_f32_fast, gemm_f32_scratch } from "../kernels/gemm_f32";

export function scratch_linear_f32(context: usize): usize {
  const x = operand(context, 0);
  return gemm_f32_scratch(rows(x), columns(x), columns(operand(context, 4)));
}

export function exec_linear_f32(context: usize): void {
  const x = operand(context, 0), weight = address(operand(context, 1)), bias = address(operand(context, 2));
  const identity = operand(context, 3), y = operand(context, 4);
  if (attribute(context, 0)) {
    gemm_f32_fast(address(x), stride(x), rows(x), columns(x), weight, columns(y), address(y), stride(y), bias, address(identity), stride(identity), scratch(context));
  } else {
    gemm_f32(address(x), stride(x), rows(x), columns(x), weight, columns(y), address(y), stride(y), bias, address(identity), stride(identity), scratch(context));
  }
}
