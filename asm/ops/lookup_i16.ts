// y = table[clamp(x, −2048, 2047) + 2048]
import { LookupI16 } from "../generated/ops/lookup_i16";
import { store_first } from "../kernels/tail";

const LIMITS: usize = memory.data<i16>([-2048, 2047]);

export function scratch_lookup_i16(_op: LookupI16): usize {
  return 0;
}

export function exec_lookup_i16(op: LookupI16): void {
  const x = op.x, y = op.y;
  const low = v128.load16_splat(LIMITS), high = v128.load16_splat(LIMITS + 2);
  const middle = op.table.address + 4096;
  let from = x.address, to = y.address;
  for (let r = x.rows; r > 0; r--, from += x.stride, to += y.stride) {
    for (let left = x.columns, p = from, q = to; left > 0; left -= 8, p += 16, q += 16) {
      const v = i16x8.min_s(i16x8.max_s(v128.load(p), low), high);
      let w = v128.load16_splat(entry(middle, i16x8.extract_lane_s(v, 0)));
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 1)), w, 1);
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 2)), w, 2);
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 3)), w, 3);
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 4)), w, 4);
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 5)), w, 5);
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 6)), w, 6);
      w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 7)), w, 7);
      store_first(q, w, left << 1);
    }
  }
}

// @ts-ignore: decorator
@inline
function entry(middle: usize, code: i32): usize {
  return middle + <usize> (code << 1);
}
