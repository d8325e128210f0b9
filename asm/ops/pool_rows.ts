// y[s] = Σ x[t] over the tokens t of sequence s in order (i32, wrapping, or f32 from +0), or its first row; zeros for none.
// offsets are checked where they enter.
import { address, attribute, columns, dtype, elementBytes, F32, I16, operand, stride } from "../operand";
import { store_first } from "../kernels/tail";

export function scratch_pool_rows(_context: usize): usize {
  return 0;
}

export function exec_pool_rows(context: usize): void {
  const x = operand(context, 0), offsets = operand(context, 1), y = operand(context, 2);
  const type = dtype(x), n = columns(x), is_first = attribute(context, 0) != 0;
  let to = address(y);
  for (let s = 1; s < columns(offsets); s++, to += stride(y)) {
    const bound = address(offsets) + (<usize> s << 2), first = load<i32>(bound - 4);
    let end = load<i32>(bound);
    if (is_first) end = min(end, first + 1);
    const from = address(x) + <usize> first * stride(x);
    for (let i = 0; i < n; i += 4) {
      let at = from + <usize> i * elementBytes(x), sum = i32x4.splat(0);
      for (let t = first; t < end; t++, at += stride(x)) {
        if (type == F32) sum = f32x4.add(sum, v128.load(at));
        else if (type == I16) sum = i32x4.add(sum, v128.load16x4_s(at));
        else sum = i32x4.add(sum, i32x4.extend_low_i16x8_s(v128.load8x8_s(at)));
      }
      store_first(to + (<usize> i << 2), sum, min(n - i, 4) << 2);
    }
  }
}
