// The recurrence of HGRN, token after token: ../kernels/silu_f32.ts.
//
// Tokens outside, channels inside: every row is read and written once, in the order of memory, and the state of before is the
// row of y of before. The exponentials of a token wait for nothing, so the chain over tokens (one product, one sum) hides behind
// them, for one token as for many.
import { HgrnScanF32 } from "../generated/ops/hgrn_scan_f32";
import { hgrn_row_f32 } from "../kernels/silu_f32";

export function scratch_hgrn_scan_f32(_op: HgrnScanF32): usize {
  return 0;
}

export function exec_hgrn_scan_f32(op: HgrnScanF32): void {
  const u = op.u, z = op.z, bounds = op.lower_bound.address;
  const offsets = op.offsets.address, slot = op.slot, past = op.past.address;
  const state = op.state, y = op.y;
  const n = u.columns, bytes = <usize> n << 2;
  for (let s = 0; s < slot.columns; s++) {
    const at = <usize> s << 2;
    const own = state.address + <usize> load<u32>(slot.address + at) * state.stride;
    if (load<i32>(past + at) == 0) memory.fill(own, 0, bytes);
    let before = own;
    for (let t = load<u32>(offsets + at), end = load<u32>(offsets + at, 4); t < end; t++) {
      const to = y.address + <usize> t * y.stride;
      hgrn_row_f32(
        u.address + <usize> t * u.stride,
        z.address + <usize> t * z.stride,
        bounds,
        before,
        to,
        n,
      );
      before = to;
    }
    if (before != own) memory.copy(own, before, bytes);
  }
}
