// Known answers of the SIMD instruction on which integer kernels stand. A relaxed build is accepted
// only where the dot product is exact with its second operand in 0…127 (some hosts are not).

const A: usize = memory.data<i8>(
  [-128, 127, -1, 0, 1, -127, 64, -64, 127, 127, 127, 127, -128, -128, -128, -128],
  16,
);
const B: usize = memory.data<i8>(
  [127, 127, 127, 127, 1, 2, 3, 4, 127, 127, 127, 127, 127, 127, 127, 127],
  16,
);

/** Number of wrong lanes: 0 where this build may be used. */
export function wrongLanes(): i32 {
  const a = v128.load(A);
  const b = v128.load(B);
  const seed = i32x4.splat(7);
  let sums: v128;
  if (ASC_FEATURE_RELAXED_SIMD) {
    sums = i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, seed);
  } else {
    const low = i16x8.extmul_low_i8x16_s(a, b);
    const high = i16x8.extmul_high_i8x16_s(a, b);
    const low2 = i32x4.extadd_pairwise_i16x8_s(low);
    const high2 = i32x4.extadd_pairwise_i16x8_s(high);
    const even = v128.shuffle<i32>(low2, high2, 0, 2, 4, 6);
    const odd = v128.shuffle<i32>(low2, high2, 1, 3, 5, 7);
    sums = i32x4.add(seed, i32x4.add(even, odd));
  }
  let wrong = 0;
  for (let lane: usize = 0; lane < 4; lane++) {
    let sum: i32 = 7;
    for (let i: usize = 0; i < 4; i++) {
      sum += <i32> load<i8>(A + (lane << 2) + i) * <i32> load<i8>(B + (lane << 2) + i);
    }
    if (laneOf(sums, lane) != sum) wrong++;
  }
  return wrong;
}

function laneOf(sums: v128, lane: usize): i32 {
  if (lane == 0) return i32x4.extract_lane(sums, 0);
  if (lane == 1) return i32x4.extract_lane(sums, 1);
  if (lane == 2) return i32x4.extract_lane(sums, 2);
  return i32x4.extract_lane(sums, 3);
}
