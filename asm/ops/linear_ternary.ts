// acc = Σ_k x[k]·t[n][k], i32; without alpha y = acc, else y = fl(fl(acc)·fl(weight_scale/alpha)) [+ identity] (../kernels/gemm_t2.ts).
import { address, columns, operand, rows, scratch, stride } from "../operand";
import { gemm_t2, gemm_t2_scratch } from "../kernels/gemm_t2";

export function scratch_linear_ternary(context: usize): usize {
  const x = operand(context, 0);
  return gemm_t2_scratch(rows(x), columns(x));
}

export function exec_linear_ternary(context: usize): void {
  const x = operand(context, 0), alpha = operand(context, 1), identity = operand(context, 4), y = operand(context, 5);
  const scale = address(alpha) ? load<f32>(address(operand(context, 3))) : 1;
  gemm_t2(
    address(x), stride(x), rows(x), columns(x), address(operand(context, 2)), columns(y), address(y), stride(y),
    address(alpha), stride(alpha), scale, address(identity), stride(identity), scratch(context),
  );
}
