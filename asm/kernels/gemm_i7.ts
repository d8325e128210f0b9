// gemm_i8_i7_4x8: y = epilogue(X · Wᵀ), X i8 [m][k], W i7 [n][k]: codes −63 … 63 stored +64 in panels [⌈n/8⌉][⌈k/4⌉][8][4].
//
// Arguments, scratch (gemm_i8_scratch) and exactness are those of gemm_i8.ts. Relaxed build: the stored codes 0…127 are a legal second operand
// of the relaxed dot, Σ a·(w+64) − 64·Σa, panels are used where they lie. simd build: w = code − 64 widened to i16.
// The limit: |a·c| ≤ 128·127 and a pair fits i16, so no engine saturates on the way and all give the same integers.

import { dot } from "./dot";
import { Epilogue, epilogue_prepare, epilogue_scratch } from "./epilogue";
import { epilogue_panel } from "./epilogue_panel";
import { align, gemm_dot, gemm_i16, gemv_i16 } from "./gemm_i8";

/** Rows up to which the GEMV form wins. */
const FEW_DOT: i32 = 2, FEW_I16: i32 = 3;

/** y = epilogue(X·Wᵀ), W i7. See the head of the file. */
export function gemm_i7(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  epilogue: usize,
  scratch: usize,
): void {
  const ep = changetype<Epilogue>(epilogue);
  epilogue_prepare(ep, n, scratch);
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (m <= FEW_DOT) gemv_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch);
    else gemm_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch, false);
  } else {
    if (m <= FEW_I16) gemv_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 64, false);
    else gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, 64, false, 0);
  }
}

// @ts-ignore: decorator
@inline
function lane0(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 0, 0, 0, 0);
}
// @ts-ignore: decorator
@inline
function lane1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 1, 1, 1);
}
// @ts-ignore: decorator
@inline
function lane2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 2, 2, 2);
}
// @ts-ignore: decorator
@inline
function lane3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 3, 3, 3);
}

/** One row over one i7 panel; eight accumulators, because the builtin takes five cycles to return. a is readable to a multiple of 16. */
function mk_i7_1x8_dot(a: usize, panel: usize, strip: usize, steps: i32, correction: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    let c0 = i32x4.splat(correction),
      c1 = c0,
      d0 = i32x4.splat(0),
      d1 = d0,
      e0 = d0,
      e1 = d0,
      f0 = d0,
      f1 = d0;
    for (const end = a + (<usize> (steps & ~3) << 2); a < end; a += 16, panel += 128) {
      const v = v128.load(a);
      let t = lane0(v);
      c0 = dot(t, v128.load(panel), c0);
      c1 = dot(t, v128.load(panel, 16), c1);
      t = lane1(v);
      d0 = dot(t, v128.load(panel, 32), d0);
      d1 = dot(t, v128.load(panel, 48), d1);
      t = lane2(v);
      e0 = dot(t, v128.load(panel, 64), e0);
      e1 = dot(t, v128.load(panel, 80), e1);
      t = lane3(v);
      f0 = dot(t, v128.load(panel, 96), f0);
      f1 = dot(t, v128.load(panel, 112), f1);
    }
    for (let left = steps & 3; left > 0; left--, a += 4, panel += 32) {
      const t = v128.load32_splat(a);
      c0 = dot(t, v128.load(panel), c0);
      c1 = dot(t, v128.load(panel, 16), c1);
    }
    v128.store(strip, i32x4.add(i32x4.add(c0, d0), i32x4.add(e0, f0)));
    v128.store(strip, i32x4.add(i32x4.add(c1, d1), i32x4.add(e1, f1)), 16);
  }
}

/** −64·Σ of `count` i8, zero padded to a multiple of 16. */
function correction_of(a: usize, count: i32): i32 {
  let s = i32x4.splat(0);
  for (const end = a + <usize> count; a < end; a += 16) {
    s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(a))));
  }
  return -64 *
    (i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) +
      i32x4.extract_lane(s, 3));
}

function gemv_dot(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  ep: Epilogue,
  scratch: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const k4 = (k + 3) & ~3, k16 = <usize> ((k + 15) & ~15);
    // rows are copied so that what follows k is zero
    const a = align(scratch + epilogue_scratch(n));
    const corrections = a + <usize> m * k16, strip = align(corrections + 32);
    for (let i = 0; i < m; i++) {
      const to = a + <usize> i * k16;
      v128.store(to + k16 - 16, i32x4.splat(0));
      memory.copy(to, x + <usize> i * ldx, <usize> k);
      store<i32>(corrections + (<usize> i << 2), correction_of(to, k));
    }
    for (let j = 0; j << 3 < n; j++) {
      const panel = panels + <usize> j * (<usize> k4 << 3);
      for (let i = 0; i < m; i++) {
        const correction = load<i32>(corrections + (<usize> i << 2));
        mk_i7_1x8_dot(a + <usize> i * k16, panel, strip + (<usize> i << 5), k4 >> 2, correction);
      }
      epilogue_panel(ep, scratch, j, strip, m, n, y, ldy, 0);
    }
  }
}
