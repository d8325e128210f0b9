// Packing of operands into panels. Row-major matrices have a row stride in bytes (`ld`) and need no alignment. A vector read may pass the
// end of a row by up to 15 bytes (regions end in 64 guard bytes); what it read there is masked to zero. Rows past m repeat the last row:
// their results are computed and dropped.
//
// A panels (4 rows, one step after another):
//   i16   [m/4][K/2] of 32 bytes  a00a01 a10a11 a20a21 a30a31 | the same 16 bytes again   (row r, k and k+1); K = k rounded up to 4
//   i8    pack_dot.ts
//   f32   [m/4][k]   of 32 bytes  a0 a1 a2 a3 | again; `fast`: 16 bytes, once
// The second copy lets the microkernel load the vector turned by two lanes instead of shuffling it (see microkernels.ts).
// B panels (8 columns):
//   i16   [n/8][K/2][8][2]     i8/i7 [n/8][K/4][8][4] (canonical, src/layouts/)     f32 [n/8][k][8] (canonical)

// 16 bytes of ones, 16 of zeros: MASK + 16 − b keeps b bytes
const MASK: usize = memory.data<u8>([
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
], 16);

/** A vector that keeps the first `bytes` bytes. */
// @ts-ignore: decorator
@inline
export function mask_first(bytes: i32): v128 {
  return v128.load(MASK + <usize> (16 - bytes));
}

// @ts-ignore: decorator
@inline
function store_twice(to: usize, v: v128): void {
  v128.store(to, v);
  v128.store(to, v, 16);
}

/** Four rows of four 32-bit units → `steps` (≤ 4) steps of a doubled A panel. */
// @ts-ignore: decorator
@inline
export function store_steps_twice(
  to: usize,
  r0: v128,
  r1: v128,
  r2: v128,
  r3: v128,
  steps: i32,
): void {
  const x0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), x1 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const y0 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), y1 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  store_twice(to, v128.shuffle<i64>(x0, y0, 0, 2));
  if (steps > 1) store_twice(to + 32, v128.shuffle<i64>(x0, y0, 1, 3));
  if (steps > 2) store_twice(to + 64, v128.shuffle<i64>(x1, y1, 0, 2));
  if (steps > 3) store_twice(to + 96, v128.shuffle<i64>(x1, y1, 1, 3));
}

/** The same, undoubled, `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function store_steps(
  to: usize,
  step: usize,
  r0: v128,
  r1: v128,
  r2: v128,
  r3: v128,
  steps: i32,
): void {
  const x0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), x1 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const y0 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), y1 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(x0, y0, 0, 2));
  if (steps > 1) v128.store(to + step, v128.shuffle<i64>(x0, y0, 1, 3));
  if (steps > 2) v128.store(to + 2 * step, v128.shuffle<i64>(x1, y1, 0, 2));
  if (steps > 3) v128.store(to + 3 * step, v128.shuffle<i64>(x1, y1, 1, 3));
}

/** i8 rows → i16 A panels. */
export function pack_a_i8_i16(x: usize, ld: usize, m: i32, k: i32, to: usize): void {
  const size = <usize> ((k + 3) & ~3) << 4;
  for (let i = 0; i < m; i += 4, to += size) {
    const p0 = x + <usize> i * ld,
      p1 = i + 1 < m ? p0 + ld : p0,
      p2 = i + 2 < m ? p1 + ld : p1,
      p3 = i + 3 < m ? p2 + ld : p2;
    pack_four_i8_i16(p0, p1, p2, p3, k, to);
  }
}

/** Four i8 rows → one i16 A panel. */
export function pack_four_i8_i16(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  k: i32,
  to: usize,
): void {
  for (let left = k; left > 0; left -= 8, p0 += 8, p1 += 8, p2 += 8, p3 += 8, to += 128) {
    store_eight(
      to,
      v128.load8x8_s(p0),
      v128.load8x8_s(p1),
      v128.load8x8_s(p2),
      v128.load8x8_s(p3),
      left,
    );
  }
}

/** Eight k of four rows, of which `left` are there, as steps of a doubled A panel. */
// @ts-ignore: decorator
@inline
function store_eight(to: usize, r0: v128, r1: v128, r2: v128, r3: v128, left: i32): void {
  if (left < 8) {
    const keep = mask_first(left * 2);
    r0 = v128.and(r0, keep), r1 = v128.and(r1, keep);
    r2 = v128.and(r2, keep), r3 = v128.and(r3, keep);
  }
  store_steps_twice(to, r0, r1, r2, r3, left > 4 ? 4 : 2);
}

/** i16 rows → i16 A panels. */
export function pack_a_i16(x: usize, ld: usize, m: i32, k: i32, to: usize): void {
  const size = <usize> ((k + 3) & ~3) << 4;
  for (let i = 0; i < m; i += 4, to += size) {
    let p0 = x + <usize> i * ld,
      p1 = i + 1 < m ? p0 + ld : p0,
      p2 = i + 2 < m ? p1 + ld : p1,
      p3 = i + 3 < m ? p2 + ld : p2;
    for (
      let left = k, panel = to;
      left > 0;
      left -= 8, p0 += 16, p1 += 16, p2 += 16, p3 += 16, panel += 128
    ) {
      store_eight(panel, v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), left);
    }
  }
}

/** One i8 row → i16 [k rounded up to 4]. */
export function pack_row_i8_i16(x: usize, k: i32, to: usize): void {
  for (const end = x + <usize> (k & ~7); x < end; x += 8, to += 16) {
    v128.store(to, v128.load8x8_s(x));
  }
  const rest = k & 7;
  if (rest) v128.store(to, v128.and(v128.load8x8_s(x), mask_first(rest * 2)));
}

/** One i16 row → i16 [k rounded up to 4]. */
export function pack_row_i16(x: usize, k: i32, to: usize): void {
  store<u64>(to + <usize> ((k - 1) & ~3) * 2, 0);
  memory.copy(to, x, <usize> k << 1);
}

/**
 * Canonical i8 panel columns → one i16 B panel [K/2][8][2]; `steps` = K/4 steps of 32 bytes.
 * @param offset subtracted from every code (64 for i7 panels, else 0)
 */
export function widen_panel(panel: usize, steps: i32, offset: i32, to: usize): void {
  const bias = i8x16.splat(<i8> offset);
  for (const end = panel + (<usize> steps << 5); panel < end; panel += 32, to += 64) {
    const u = i8x16.sub(v128.load(panel), bias), v = i8x16.sub(v128.load(panel, 16), bias);
    const u0 = i16x8.extend_low_i8x16_s(u),
      u1 = i16x8.extend_high_i8x16_s(u),
      v0 = i16x8.extend_low_i8x16_s(v),
      v1 = i16x8.extend_high_i8x16_s(v);
    v128.store(to, v128.shuffle<i32>(u0, u1, 0, 2, 4, 6));
    v128.store(to, v128.shuffle<i32>(v0, v1, 0, 2, 4, 6), 16);
    v128.store(to, v128.shuffle<i32>(u0, u1, 1, 3, 5, 7), 32);
    v128.store(to, v128.shuffle<i32>(v0, v1, 1, 3, 5, 7), 48);
  }
}

/**
 * i8 rows X [rows][k], used transposed (B[k][column] = X[column][k], as K in Q·Kᵀ) → i16 B panels [⌈rows/8⌉][K/2][8][2].
 * Columns past `rows` repeat the last row.
 */
export function pack_b_i8_i16_transposed(x: usize, ld: usize, rows: i32, k: i32, to: usize): void {
  const size = <usize> ((k + 3) >> 2) << 6;
  for (let j = 0; j < rows; j += 8, to += size) {
    for (let h = 0; h < 2; h++) {
      const p0 = x + <usize> min(j + 4 * h, rows - 1) * ld;
      const p1 = j + 4 * h + 1 < rows ? p0 + ld : p0,
        p2 = j + 4 * h + 2 < rows ? p1 + ld : p1,
        p3 = j + 4 * h + 3 < rows ? p2 + ld : p2;
      transpose_four_i8_i16(p0, p1, p2, p3, k, to + (<usize> h << 4));
    }
  }
}

/** Four i8 rows as half of the columns of one i16 B panel. */
export function transpose_four_i8_i16(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  k: i32,
  q: usize,
): void {
  for (let left = k; left > 0; left -= 8, p0 += 8, p1 += 8, p2 += 8, p3 += 8, q += 128) {
    let r0 = v128.load8x8_s(p0),
      r1 = v128.load8x8_s(p1),
      r2 = v128.load8x8_s(p2),
      r3 = v128.load8x8_s(p3);
    if (left < 8) {
      const keep = mask_first(left * 2);
      r0 = v128.and(r0, keep),
        r1 = v128.and(r1, keep),
        r2 = v128.and(r2, keep),
        r3 = v128.and(r3, keep);
    }
    const x0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), x1 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    const y0 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), y1 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    v128.store(q, v128.shuffle<i64>(x0, y0, 0, 2));
    v128.store(q, v128.shuffle<i64>(x0, y0, 1, 3), 32);
    if (left > 4) {
      v128.store(q, v128.shuffle<i64>(x1, y1, 0, 2), 64);
      v128.store(q, v128.shuffle<i64>(x1, y1, 1, 3), 96);
    }
  }
}

/**
 * i8 rows X [k][columns] (B[k][column] = X[k][column], as V in P·V) → i16 B panels [⌈columns/8⌉][K/2][8][2].
 * k past the end is zero; columns past the end hold what follows the row: their results are dropped.
 */
export function pack_b_i8_i16(x: usize, ld: usize, k: i32, columns: i32, to: usize): void {
  const pairs = ((k + 3) >> 2) << 1;
  for (let j = 0; j < columns; j += 8) {
    let p = x + <usize> j;
    for (let i = 0; i < pairs; i++, p += ld + ld, to += 32) {
      const zero = i32x4.splat(0);
      const u = 2 * i < k ? v128.load8x8_s(p) : zero,
        v = 2 * i + 1 < k ? v128.load8x8_s(p + ld) : zero;
      store_pair(to, u, v);
    }
  }
}

/** Eight columns of two i16 rows as one step of a panel. */
// @ts-ignore: decorator
@inline
export function store_pair(to: usize, u: v128, v: v128): void {
  v128.store(to, v128.shuffle<i16>(u, v, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(u, v, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}
