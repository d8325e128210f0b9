// Known answers: which form (dot_forms.ts) the dot product of this host has. They tell the forms apart: bytes 128 and 255 beside ±127 and
// −128, pairs whose sum passes 2^15 in either reading (255·127·2, −128·−128·2), and sums that leave 32 bits.
import { dot, dot_pairs } from "./dot";
import { DOT_NONE, DOT_SEVEN, DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";

// Three products of 16 bytes each; the first has b in 0…127.
const PRODUCTS: usize = 3;
const A: usize = memory.data<u8>([
  128,
  127,
  255,
  0,
  1,
  129,
  64,
  192,
  127,
  127,
  127,
  127,
  128,
  128,
  128,
  128,
  127,
  129,
  128,
  1,
  128,
  128,
  128,
  128,
  127,
  127,
  127,
  127,
  128,
  128,
  127,
  127,
  3,
  251,
  7,
  245,
  13,
  239,
  19,
  233,
  129,
  1,
  255,
  2,
  0,
  128,
  127,
  1,
], 16);
const B: usize = memory.data<u8>([
  127,
  127,
  127,
  127,
  1,
  2,
  3,
  4,
  127,
  127,
  127,
  127,
  127,
  127,
  127,
  127,
  128,
  255,
  255,
  128,
  128,
  128,
  128,
  128,
  255,
  255,
  255,
  255,
  255,
  255,
  128,
  128,
  200,
  100,
  250,
  5,
  131,
  9,
  77,
  222,
  255,
  128,
  128,
  255,
  129,
  130,
  190,
  1,
], 16);
const C: usize = memory.data<i32>([
  7,
  -2147483648,
  2147483647,
  -2147483648,
  7,
  2147483647,
  2147483647,
  -2147483648,
  -1,
  0,
  2147483647,
  -2147483648,
], 16);

/** Lanes of a product that are not c + Σ a·b, with b as `wide`: u8, else i8. */
function wrong(product: usize, wide: bool): i32 {
  const at = product << 4, a = v128.load(A + at), b = v128.load(B + at), c = v128.load(C + at);
  let sums: v128;
  if (ASC_FEATURE_RELAXED_SIMD) sums = dot(a, b, c);
  else {
    const low = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b)),
      high = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b));
    sums = i32x4.add(
      c,
      i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.shuffle<i32>(low, high, 1, 3, 5, 7)),
    );
  }
  let lanes = 0;
  for (let lane: usize = 0; lane < 16; lane += 4) {
    let sum = load<i32>(C + at + lane);
    for (let i = at + lane; i < at + lane + 4; i++) {
      const byte = wide ? <i32> load<u8>(B + i) : <i32> load<i8>(B + i);
      sum += <i32> load<i8>(A + i) * byte;
    }
    if (i32x4.extract_lane(sums, 0) != sum) lanes++;
    sums = v128.shuffle<i32>(sums, sums, 1, 2, 3, 0);
  }
  return lanes;
}

/** Lanes of `dot_pairs` that are not sums of two products, b in 0…127; products are odd and even ones. */
function wrong_pairs(): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return 0;
  const a = v128.load(A), b = v128.load(B);
  const even = i16x8.mul(i16x8.shr_s(i16x8.shl(a, 8), 8), v128.and(b, i16x8.splat(255))),
    odd = i16x8.mul(i16x8.shr_s(a, 8), i16x8.shr_u(b, 8));
  const right = i16x8.eq(dot_pairs(a, b), i16x8.add(even, odd));
  return 8 - popcnt(i16x8.bitmask(right));
}

/** Lanes that are wrong with b in 0…127: where there are any, this module may not be used. */
export function wrong_lanes(): i32 {
  return wrong(0, false) + wrong_pairs();
}

/** The form that this host computes. */
export function dot_form(): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return DOT_NONE;
  if (wrong(1, true) + wrong(2, true) == 0) return DOT_UNSIGNED;
  return wrong(1, false) + wrong(2, false) == 0 ? DOT_SIGNED : DOT_SEVEN;
}
