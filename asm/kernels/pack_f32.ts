// Panels of the float32 GEMM.
import { mask_first, store_steps, store_steps_twice } from "./pack";

/** f32 rows → A panels, doubled or not. */
export function pack_a_f32(x: usize, ld: usize, m: i32, k: i32, to: usize, doubled: bool): void {
  for (let i = 0; i < m; i += 4) {
    let p0 = x + <usize> i * ld,
      p1 = i + 1 < m ? p0 + ld : p0,
      p2 = i + 2 < m ? p1 + ld : p1,
      p3 = i + 3 < m ? p2 + ld : p2;
    for (let left = k; left > 0; left -= 4, p0 += 16, p1 += 16, p2 += 16, p3 += 16) {
      const steps = min(left, 4);
      if (doubled) {
        store_steps_twice(to, v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), steps);
        to += <usize> steps << 5;
      } else {
        store_steps(to, 16, v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), steps);
        to += <usize> steps << 4;
      }
    }
  }
}

/**
 * f32 matrix → canonical f32 B panels [⌈n/8⌉][k][8], padded with 0.
 * @param transposed 1: b is [n][k]; 0: b is [k][n]
 */
export function pack_panels_f32(
  b: usize,
  ld: usize,
  k: i32,
  n: i32,
  transposed: i32,
  to: usize,
): void {
  for (let j = 0; j < n; j += 8) {
    const columns = min(8, n - j);
    if (!transposed) {
      let p = b + (<usize> j << 2);
      const keep0 = mask_first(min(columns, 4) << 2), keep1 = mask_first(max(columns - 4, 0) << 2);
      for (let i = 0; i < k; i++, p += ld, to += 32) {
        v128.store(to, v128.and(v128.load(p), keep0));
        v128.store(to, columns > 4 ? v128.and(v128.load(p, 16), keep1) : i32x4.splat(0), 16);
      }
      continue;
    }
    for (let h = 0; h < 2; h++) {
      let q = to + (<usize> h << 4);
      const have = columns - 4 * h;
      if (have <= 0) {
        for (let i = 0; i < k; i++, q += 32) v128.store(q, i32x4.splat(0));
        continue;
      }
      const keep = mask_first(min(have, 4) << 2);
      let p0 = b + <usize> (j + 4 * h) * ld,
        p1 = have > 1 ? p0 + ld : p0,
        p2 = have > 2 ? p1 + ld : p1,
        p3 = have > 3 ? p2 + ld : p2;
      for (let left = k; left > 0; left -= 4, p0 += 16, p1 += 16, p2 += 16, p3 += 16, q += 128) {
        const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3);
        const x0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5),
          x1 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
        const y0 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5),
          y1 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
        v128.store(q, v128.and(v128.shuffle<i64>(x0, y0, 0, 2), keep));
        if (left > 1) v128.store(q, v128.and(v128.shuffle<i64>(x0, y0, 1, 3), keep), 32);
        if (left > 2) v128.store(q, v128.and(v128.shuffle<i64>(x1, y1, 0, 2), keep), 64);
        if (left > 3) v128.store(q, v128.and(v128.shuffle<i64>(x1, y1, 1, 3), keep), 96);
      }
    }
    to += <usize> k << 5;
  }
}
