// `dot.ts` of the test build: plain SIMD that computes any of the forms, so that every machine can test all of them.
import { DOT_SIGNED, DOT_UNSIGNED } from "./dot_forms";

/** Pair sums modulo 2^16, which is one more host that has `seven`; and operands exchanged, of the dot or of pairs, which is wrong. */
const WRAPS: i32 = 4, EXCHANGED: i32 = 5, EXCHANGED_PAIRS: i32 = 6;

// The form; `become` writes it.
const FORM: usize = memory.data<i32>([DOT_UNSIGNED]);

export function become(form: i32): void {
  store<i32>(FORM, form);
}

/** Four sums of two products that are next to each other, as the form has them. Products fit 16 bits: 128·255 < 2^15. */
function pairs(a: v128, b: v128, form: i32): v128 {
  const product = i16x8.mul(a, b);
  if (form == DOT_UNSIGNED || form == DOT_SIGNED) return i32x4.extadd_pairwise_i16x8_s(product);
  const odd = i32x4.shr_u(product, 16);
  const sum = form == WRAPS ? i16x8.add(product, odd) : i16x8.add_sat_s(product, odd);
  return i32x4.shr_s(i32x4.shl(sum, 16), 16);
}

/** c + a·b in the form. */
// @ts-ignore: decorator
@inline
export function dot(a: v128, b: v128, c: v128): v128 {
  return computed(a, b, c);
}

/** Eight sums of two products, saturated; b is unsigned, within 0…127 in every form. */
export function dot_pairs(a: v128, b: v128): v128 {
  if (load<i32>(FORM) == EXCHANGED_PAIRS) {
    const first = a;
    a = b, b = first;
  }
  return i16x8.narrow_i32x4_s(
    i32x4.extadd_pairwise_i16x8_s(
      i16x8.mul(i16x8.extend_low_i8x16_s(a), i16x8.extend_low_i8x16_u(b)),
    ),
    i32x4.extadd_pairwise_i16x8_s(
      i16x8.mul(i16x8.extend_high_i8x16_s(a), i16x8.extend_high_i8x16_u(b)),
    ),
  );
}

function computed(a: v128, b: v128, c: v128): v128 {
  const form = load<i32>(FORM);
  if (form == EXCHANGED) {
    const first = a;
    a = b, b = first;
  }
  const low = form == DOT_SIGNED ? i16x8.extend_low_i8x16_s(b) : i16x8.extend_low_i8x16_u(b),
    high = form == DOT_SIGNED ? i16x8.extend_high_i8x16_s(b) : i16x8.extend_high_i8x16_u(b);
  const p = pairs(i16x8.extend_low_i8x16_s(a), low, form),
    q = pairs(i16x8.extend_high_i8x16_s(a), high, form);
  const even = v128.shuffle<i32>(p, q, 0, 2, 4, 6), odd = v128.shuffle<i32>(p, q, 1, 3, 5, 7);
  return i32x4.add(c, i32x4.add(even, odd));
}
