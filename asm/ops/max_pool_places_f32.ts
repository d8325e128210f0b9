// The place of the largest of each window, within the window (../kernels/pools_f32.ts).
import { CONTEXT_ATTRIBUTES } from "../generated/operand";
import { MaxPoolPlacesF32 } from "../generated/ops/max_pool_places_f32";
import { largest_f32, NO_PLACE, place_of, window_at } from "../kernels/pools_f32";

export function scratch_max_pool_places_f32(_op: MaxPoolPlacesF32): usize {
  return 0;
}

export function exec_max_pool_places_f32(op: MaxPoolPlacesF32): void {
  const x = op.x, y = op.y, window = window_at(changetype<usize>(op) + CONTEXT_ATTRIBUTES);
  const dilation_h = op.dilation_h, dilation_w = op.dilation_w;
  let to = y.address;
  for (let b = 0; b < y.extent0; b++) {
    for (let i = 0; i < y.extent1; i++) {
      for (let j = 0; j < y.extent2; j++, to += y.stride) {
        for (let c = 0; c < y.columns; c += 4) {
          let rows = largest_f32(window, x, b, i, j, c, dilation_h, dilation_w, true);
          for (let lane = c, end = min(c + 4, y.columns); lane < end; lane++) {
            const row = i32x4.extract_lane(rows, 0);
            rows = v128.shuffle<i32>(rows, rows, 1, 2, 3, 0);
            const place = place_of(window, x, row, i, j, dilation_h, dilation_w);
            store<u8>(to + lane, min<u32>(place, NO_PLACE));
          }
        }
      }
    }
  }
}
