// attention_f32 (there: the formulas) within each sequence: tokens offsets[s] … offsets[s+1]. offsets are checked where they enter.
import { address, attribute, columns, extent, operand, scratch, stride } from "../operand";
import { attend_f32, attend_f32_scratch } from "../kernels/attend_f32";

export function scratch_attention_ragged_f32(context: usize): usize {
  const q = operand(context, 0);
  return attend_f32_scratch(extent(q, 1), columns(q) / attribute(context, 0));
}

export function exec_attention_ragged_f32(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), v = operand(context, 2), offsets = operand(context, 3), y = operand(context, 5);
  const scale = load<f32>(address(operand(context, 4))), heads = attribute(context, 0);
  for (let s = 1; s < columns(offsets); s++) {
    const bound = address(offsets) + (<usize> s << 2), first = load<i32>(bound - 4), count = load<i32>(bound) - first;
    if (count == 0) continue;
    const at = <usize> first;
    attend_f32(
      scratch(context), address(q) + at * stride(q), stride(q), address(k) + at * stride(k), stride(k), address(v) + at * stride(v), stride(v),
      address(y) + at * stride(y), stride(y), scale, heads, columns(q) / heads, count, count, 0, 0, 0, 0, attribute(context, 1) != 0,
    );
  }
}
