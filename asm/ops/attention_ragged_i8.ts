// attention_i8 (there: the formulas) within each sequence: tokens offsets[s] … offsets[s+1]. offsets are checked where they enter.
import { address, attribute, columns, extent, operand, scratch, stride } from "../operand";
import { attend_i8, attend_scratch, plan_attention } from "../kernels/attend_i8";

export function scratch_attention_ragged_i8(context: usize): usize {
  const q = operand(context, 0);
  return attend_scratch(extent(q, 1), columns(q) / attribute(context, 0));
}

export function exec_attention_ragged_i8(context: usize): void {
  const q = operand(context, 0), k = operand(context, 1), v = operand(context, 2), offsets = operand(context, 3), y = operand(context, 9);
  const heads = attribute(context, 0);
  plan_attention(
    scratch(context), address(operand(context, 4)), address(operand(context, 5)), address(operand(context, 7)), address(operand(context, 8)),
    attribute(context, 1), address(operand(context, 6)), 0, 16,
  );
  for (let s = 1; s < columns(offsets); s++) {
    const bound = address(offsets) + (<usize> s << 2), first = load<i32>(bound - 4), count = load<i32>(bound) - first;
    if (count == 0) continue;
    const at = <usize> first;
    attend_i8(
      scratch(context), address(q) + at * stride(q), stride(q), address(k) + at * stride(k), stride(k), address(v) + at * stride(v), stride(v),
      address(y) + at * stride(y), stride(y), heads, columns(q) / heads, count, count, 0, 0, 0, 0,
    );
  }
}
