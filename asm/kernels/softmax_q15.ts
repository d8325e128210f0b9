// Softmax of i32 scores with probabilities of 15 bits:
//
//   d = min(max a − a, ⌊2^30 / m⌋);  e = table[min((d·m + 2^17) >> 18, 4095)], unsigned, 0 where a key is hidden
//   r = ⌊2^47 / Σ e⌋, 0 where that is 0;  p = min(32767, (e·r + 2^31) >> 32)                  attention_i8.ts
//
// A row's scores lie in panels of 8, `step` bytes apart. Keys [0, fixed) and [begin, end) are seen.
// Bounds: a distance has 32 bits unsigned; d·m ≤ 2^30, so u is all i32; e ≤ Σ e, so e·r ≤ 2^47.

/** Which keys of a row are seen. */
// @ts-ignore: decorator
@unmanaged
export class Seen {
  fixed: i32;
  begin: i32;
  /** Keys from here on are not even computed. */
  end: i32;

  // @ts-ignore: decorator
  @inline
  all(i: i32): bool {
    return i + 4 <= this.fixed || (i >= this.begin && i + 4 <= this.end);
  }
}

const COUNT: usize = memory.data<i32>([0, 1, 2, 3], 16);

/** Lanes of keys i … i + 3 that are seen. */
function lanes(seen: Seen, i: i32): v128 {
  const at = i32x4.add(i32x4.splat(i), v128.load(COUNT));
  return v128.or(
    i32x4.lt_s(at, i32x4.splat(seen.fixed)),
    v128.and(
      i32x4.ge_s(at, i32x4.splat(seen.begin)),
      i32x4.lt_s(at, i32x4.splat(seen.end)),
    ),
  );
}

/** Scores i … i + 3. */
// @ts-ignore: decorator
@inline
function place(scores: usize, step: usize, i: i32): usize {
  return scores + <usize> (i >> 3) * step + (<usize> (i & 4) << 2);
}

/** Largest score. */
function largest(seen: Seen, scores: usize, step: usize): i32 {
  const least = i32x4.splat(-2147483648);
  let top = least;
  for (let i = 0; i < seen.end; i += 4) {
    let a = v128.load(place(scores, step, i));
    if (!seen.all(i)) a = v128.bitselect(a, least, lanes(seen, i));
    top = i32x4.max_s(top, a);
  }
  top = i32x4.max_s(top, v128.shuffle<i64>(top, top, 1, 0));
  return max(i32x4.extract_lane(top, 0), i32x4.extract_lane(top, 1));
}

/** Scores of a row → exponentials, in their place, to a multiple of 8 keys; gives their sum. */
export function exponentials(
  seen: Seen,
  scores: usize,
  step: usize,
  rate: i32,
  table: usize,
): u64 {
  const multiplier = max(rate, 1), end = (seen.end + 7) & ~7;
  const top = i32x4.splat(largest(seen, scores, step)), m = i32x4.splat(multiplier);
  const most = i32x4.splat((1 << 30) / multiplier), last = i32x4.splat(4095);
  const half = i32x4.splat(1 << 17);
  let sums = i64x2.splat(0);
  for (let i = 0; i < end; i += 4) {
    const at = place(scores, step, i), d = i32x4.min_u(i32x4.sub(top, v128.load(at)), most);
    const u = i32x4.min_s(i32x4.shr_s(i32x4.add(i32x4.mul(d, m), half), 18), last);
    let e = v128.load32_zero(table + (<usize> i32x4.extract_lane(u, 0) << 2));
    e = v128.load32_lane(table + (<usize> i32x4.extract_lane(u, 1) << 2), e, 1);
    e = v128.load32_lane(table + (<usize> i32x4.extract_lane(u, 2) << 2), e, 2);
    e = v128.load32_lane(table + (<usize> i32x4.extract_lane(u, 3) << 2), e, 3);
    if (!seen.all(i)) e = v128.and(e, lanes(seen, i));
    v128.store(at, e);
    sums = i64x2.add(
      sums,
      i64x2.add(i64x2.extend_low_i32x4_u(e), i64x2.extend_high_i32x4_u(e)),
    );
  }
  return <u64> (i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1));
}
