// The dot product of the relaxed build: each 32-bit lane is c + Σ of four a·b, modulo 2^32. a is i8; what b is differs between hosts
// (`dot_forms.ts`). The test build has `dot_plain.ts` in the place of this file.

/** c + a·b. Only in the relaxed build. */
// @ts-ignore: decorator
@inline
export function dot(a: v128, b: v128, c: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, c);
}

/**
 * Eight sums of two products: of c + a·b, what hosts of the form `seven` compute first (vpmaddubsw). b is within 0…127 and each sum within 16 bits,
 * so that it is the same everywhere. Only in the relaxed build.
 */
// @ts-ignore: decorator
@inline
export function dot_pairs(a: v128, b: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(a, b);
}

/** Makes `dot` one of the forms, which the test build alone can. */
// @ts-ignore: decorator
@inline
export function become(_form: i32): void {}
