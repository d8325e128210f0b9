// The recurrence of HGRN, token after token: ../kernels/silu_f32.ts.
//
// Tokens outside, channels inside: every row is read and written once, in the order of memory, and the state of before is the
// row of y of before. The exponentials of a token wait for nothing, so the chain over tokens (one product, one sum) hides behind
// them, for one token as for many.
import { address, columns, operand, stride } from "../operand";
import { hgrn_row_f32 } from "../kernels/silu_f32";

export function scratch_hgrn_scan_f32(_context: usize): usize {
  return 0;
}

export function exec_hgrn_scan_f32(context: usize): void {
  const u = operand(context, 0), z = operand(context, 1), bounds = address(operand(context, 2));
  const offsets = address(operand(context, 3)), slot = operand(context, 4), past = address(operand(context, 5));
  const state = operand(context, 6), y = operand(context, 7);
  const n = columns(u), bytes = <usize> n << 2;
  for (let s = 0; s < columns(slot); s++) {
    const at = <usize> s << 2;
    const own = address(state) + <usize> load<u32>(address(slot) + at) * stride(state);
    if (load<i32>(past + at) == 0) memory.fill(own, 0, bytes);
    let before = own;
    for (let t = load<u32>(offsets + at), end = load<u32>(offsets + at, 4); t < end; t++) {
      const to = address(y) + <usize> t * stride(y);
      hgrn_row_f32(address(u) + <usize> t * stride(u), address(z) + <usize> t * stride(z), bounds, before, to, n);
      before = to;
    }
    if (before != own) memory.copy(own, before, bytes);
  }
}
