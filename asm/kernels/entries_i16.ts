// Tables of i16 by codes of 12 bits.
const LIMITS: usize = memory.data<i16>([-2048, 2047]);

// @ts-ignore: decorator
@inline
function entry(middle: usize, code: i32): usize {
  return middle + <usize> (code << 1);
}

/** Eight codes limited to −2048 … 2047. */
export function limited(v: v128): v128 {
  const low = v128.load16_splat(LIMITS), high = v128.load16_splat(LIMITS + 2);
  return i16x8.min_s(i16x8.max_s(v, low), high);
}

/** Entries of eight codes, limited, to memory; `middle`: address of that of code 0. */
export function load_entries(middle: usize, codes: usize, to: usize): void {
  const v = limited(v128.load(codes));
  let w = v128.load16_splat(entry(middle, i16x8.extract_lane_s(v, 0)));
  w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 1)), w, 1);
  w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 2)), w, 2);
  w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 3)), w, 3);
  w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 4)), w, 4);
  w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 5)), w, 5);
  w = v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 6)), w, 6);
  v128.store(to, v128.load_lane<i16>(entry(middle, i16x8.extract_lane_s(v, 7)), w, 7));
}
