// gemm_i8_i8_4x8: y = epilogue(X · Wᵀ), X i8 or i16 [m][k], W i8 or i7 [n][k] in canonical panels, i32 accumulators.
//
//   x        row-major, `ldx` bytes between rows
//   panels   i8 [⌈n/8⌉][⌈k/4⌉][8][4], two's complement; or i7, codes −63 … 63 stored +64 (src/layouts/)
//   y        type and meaning by the epilogue, `ldy` bytes between rows
//   scratch  gemm_i8_scratch(m, k, n) bytes, 16-byte aligned for speed only
//   form     what the dot product computes (dot_forms.ts); none in the simd build
//
// Exactness: bit-exact for every operand. |Σ| ≤ k·2^14 of 8-bit x, so k < 2^17 keeps i32; intermediate forms, and sums of 16-bit x, wrap
// modulo 2^32. The inner forms, gemm_i16.ts and gemm_dot.ts, give the same integers.

import { align, block_rows } from "./blocks";
import { DOT_SEVEN, DOT_UNSIGNED } from "./dot_forms";
import { Epilogue, epilogue_prepare, epilogue_scratch } from "./epilogue";
import { gemm_dot } from "./gemm_dot";
import { gemm_i16, gemv_i16 } from "./gemm_i16";
import { digits_fit } from "./gemv_digits";
import { gemv_dot } from "./gemv_dot";

/** Rows up to which the GEMV forms win. */
const FEW_DOT: i32 = 2, FEW_I16: i32 = 3;
/** Bytes of scratch for m rows, and for fewer. */
export function gemm_i8_scratch(m: i32, k: i32, n: i32): usize {
  // not monotonic in the rows: blocks are as equal as possible
  let most = scratch_of(m, k, n);
  for (let i = 1; i <= min(m, 256); i++) most = max(most, scratch_of(i, k, n));
  return most;
}

function scratch_of(m: i32, k: i32, n: i32): usize {
  const k4 = (k + 3) & ~3;
  const rows = max(block_rows(m, k4, 4, 4), block_rows(m, k4, 1, 4)) + 5;
  return align(epilogue_scratch(n)) + <usize> rows * <usize> k4 * 4 + <usize> rows * 36 +
    <usize> k4 * 16 + 512;
}

/** See the head of the file. `offset`: 0 for i8 panels, 64 for i7; `wide`: x is i16. */
export function gemm_i8(
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
  offset: i32,
  wide: bool,
  form: i32,
): void {
  const ep = changetype<Epilogue>(epilogue);
  epilogue_prepare(ep, n, scratch);
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (form != DOT_SEVEN || (offset && !wide)) {
      if (m > (wide ? FEW_I16 : FEW_DOT)) {
        gemm_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, wide, form);
        return;
      }
      if (!wide || (form == DOT_UNSIGNED && digits_fit(x, ldx, m, k))) {
        gemv_dot(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, wide, form);
        return;
      }
    }
  }
  if (m > FEW_I16) gemm_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, wide);
  else gemv_i16(x, ldx, m, k, panels, n, y, ldy, ep, scratch, offset, wide);
}
