// gemm_f32_f32_4x8: y = X·Wᵀ (+ bias) (+ residual), all f32.
//
//   x        [m][k] row-major, `ldx` bytes between rows
//   panels   [⌈n/8⌉][k][8] (canonical; pack_panels_f32 makes them of an activation)
//   y        [m][n], `ldy` bytes between rows; may not alias x
//   bias     f32[n] or 0;   residual [m][n], `ldr` bytes between rows, or 0
//
// Determinism: y[i][j] = fl(fl(fl(Σ) + bias[j]) + residual[i][j]), where Σ starts at +0 and adds fl(x·w), k ascending, each sum rounded, in one
// f32 accumulator. So a GEMV, any tile, any blocking of K (the accumulator goes on from y) and any slice of rows or columns gives the same
// bits. `gemm_f32_fast` lets an engine contract multiply and add (relaxed build; in the simd build it equals gemm_f32 bit for bit).
// Blocks: K_BLOCK·32 bytes of B panel and 4·K_BLOCK·8 bytes of A stay in L1; M_BLOCK rows of A panels in L2.

import { mk_f32_4x8, mk_f32_4x8_fast, RAW, ROWS, ZERO } from "./microkernels_f32";
import { pack_a_f32 } from "./pack_f32";

const K_BLOCK: i32 = 384, M_BLOCK: i32 = 128, FEW_ROWS: i32 = 2;

// @ts-ignore: decorator
@inline
function align(p: usize): usize {
  return (p + 63) & ~63;
}

/** Bytes of scratch of gemm_f32 and gemm_f32_fast. */
export function gemm_f32_scratch(m: i32, k: i32, n: i32): usize {
  return <usize> ((min(m, M_BLOCK) + 3) & ~3) * <usize> min(k, 2 * K_BLOCK) * 8 + 256;
}

/** Deterministic. See the head of the file. */
export function gemm_f32(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  bias: usize,
  residual: usize,
  ldr: usize,
  scratch: usize,
): void {
  if (m <= FEW_ROWS) gemv_f32(x, ldx, m, k, panels, n, y, ldy, bias, residual, ldr, scratch, false);
  else gemm(x, ldx, m, k, panels, n, y, ldy, bias, residual, ldr, scratch, false);
}

/** Multiply and add may be one rounding (relaxed build); the simd build has nothing faster than the deterministic kernel. */
export function gemm_f32_fast(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  bias: usize,
  residual: usize,
  ldr: usize,
  scratch: usize,
): void {
  if (m <= FEW_ROWS) {
    gemv_f32(
      x,
      ldx,
      m,
      k,
      panels,
      n,
      y,
      ldy,
      bias,
      residual,
      ldr,
      scratch,
      ASC_FEATURE_RELAXED_SIMD,
    );
  } else {gemm(
      x,
      ldx,
      m,
      k,
      panels,
      n,
      y,
      ldy,
      bias,
      residual,
      ldr,
      scratch,
      ASC_FEATURE_RELAXED_SIMD,
    );}
}

function gemm(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  bias: usize,
  residual: usize,
  ldr: usize,
  scratch: usize,
  fast: bool,
): void {
  const edge = align(scratch), a = edge + 128;
  const doubled = !fast;
  const m_blocks = (m + M_BLOCK - 1) / M_BLOCK, m_block = ((m + m_blocks - 1) / m_blocks + 3) & ~3;
  // A block of an undoubled panel holds twice the steps in the same memory.
  const most = doubled ? K_BLOCK : 2 * K_BLOCK;
  const k_blocks = max((k + most - 1) / most, 1), k_block = (k + k_blocks - 1) / k_blocks;
  for (let i0 = 0; i0 < m; i0 += m_block) {
    const rows = min(m_block, m - i0);
    for (let k0 = 0; k0 < k; k0 += k_block) {
      const kk = min(k_block, k - k0);
      const last = k0 + kk == k && (bias != 0 || residual != 0);
      pack_a_f32(x + <usize> i0 * ldx + (<usize> k0 << 2), ldx, rows, kk, a, doubled);
      const a_size = <usize> kk << (doubled ? 5 : 4);
      for (let j = 0; j < n; j += 8) {
        const panel = panels + ((<usize> (j >> 3) * <usize> k + <usize> k0) << 5);
        const columns = min(8, n - j);
        let tile = a, c = y + <usize> i0 * ldy + (<usize> j << 2);
        for (let i = 0; i < rows; i += 4, tile += a_size, c += ldy << 2) {
          const height = min(4, rows - i);
          const whole = columns == 8 && height == 4;
          const to = whole ? c : edge, ld = whole ? ldy : 32;
          if (!whole && k0) copy_tile(edge, 32, c, ldy, height, columns);
          if (fast) mk_f32_4x8_fast(tile, panel, to, ld, kk, k0);
          else {mk_f32_4x8(
              tile,
              panel,
              to,
              ld,
              kk,
              k0 == 0 ? ZERO : whole ? RAW : ROWS,
              whole && k0 + kk < k,
            );}
          if (last) {
            finish(
              to,
              ld,
              height,
              bias ? bias + (<usize> j << 2) : 0,
              residual ? residual + <usize> (i0 + i) * ldr + (<usize> j << 2) : 0,
              ldr,
            );
          }
          if (!whole) copy_tile(c, ldy, edge, 32, height, columns);
        }
      }
    }
  }
}

export function copy_tile(
  to: usize,
  ldt: usize,
  from: usize,
  ldf: usize,
  rows: i32,
  columns: i32,
): void {
  for (let i = 0; i < rows; i++, to += ldt, from += ldf) {
    for (let j: usize = 0; j < <usize> columns << 2; j += 4) {
      store<u32>(to + j, load<u32>(from + j));
    }
  }
}

/** c += bias, then += residual, on whole vectors: a partial tile lies in scratch. */
export function finish(
  c: usize,
  ld: usize,
  rows: i32,
  bias: usize,
  residual: usize,
  ldr: usize,
): void {
  const zero = f32x4.splat(0);
  const b0 = bias ? v128.load(bias) : zero, b1 = bias ? v128.load(bias, 16) : zero;
  for (let i = 0; i < rows; i++, c += ld) {
    let v0 = v128.load(c), v1 = v128.load(c, 16);
    if (bias) {
      v0 = f32x4.add(v0, b0);
      v1 = f32x4.add(v1, b1);
    }
    if (residual) {
      v0 = f32x4.add(v0, v128.load(residual));
      v1 = f32x4.add(v1, v128.load(residual, 16));
      residual += ldr;
    }
    v128.store(c, v0);
    v128.store(c, v1, 16);
  }
}

// @ts-ignore: decorator
@inline
function step(t: v128, b: v128, c: v128, fast: bool): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (fast) return f32x4.relaxed_madd(t, b, c);
  }
  return f32x4.add(c, f32x4.mul(t, b));
}

/** One row over four panels (32 columns): eight chains hide the latency of the additions, which must stay in order. */
function mk_f32_1x32(a: usize, panel: usize, size: usize, k: i32, strip: usize, fast: bool): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  let p1 = panel + size, p2 = p1 + size, p3 = p2 + size;
  const end = a + (<usize> k << 2);
  if (fast) {
    for (; a < end; a += 4, panel += 32, p1 += 32, p2 += 32, p3 += 32) {
      const t = v128.load32_splat(a);
      c0 = step(t, v128.load(panel), c0, true);
      c1 = step(t, v128.load(panel, 16), c1, true);
      c2 = step(t, v128.load(p1), c2, true);
      c3 = step(t, v128.load(p1, 16), c3, true);
      c4 = step(t, v128.load(p2), c4, true);
      c5 = step(t, v128.load(p2, 16), c5, true);
      c6 = step(t, v128.load(p3), c6, true);
      c7 = step(t, v128.load(p3, 16), c7, true);
    }
  } else {
    for (; a < end; a += 4, panel += 32, p1 += 32, p2 += 32, p3 += 32) {
      const t = v128.load32_splat(a);
      c0 = step(t, v128.load(panel), c0, false);
      c1 = step(t, v128.load(panel, 16), c1, false);
      c2 = step(t, v128.load(p1), c2, false);
      c3 = step(t, v128.load(p1, 16), c3, false);
      c4 = step(t, v128.load(p2), c4, false);
      c5 = step(t, v128.load(p2, 16), c5, false);
      c6 = step(t, v128.load(p3), c6, false);
      c7 = step(t, v128.load(p3, 16), c7, false);
    }
  }
  v128.store(strip, c0);
  v128.store(strip, c1, 16);
  v128.store(strip, c2, 32);
  v128.store(strip, c3, 48);
  v128.store(strip, c4, 64);
  v128.store(strip, c5, 80);
  v128.store(strip, c6, 96);
  v128.store(strip, c7, 112);
}

function mk_f32_1x8(a: usize, panel: usize, k: i32, strip: usize, fast: bool): void {
  let c0 = f32x4.splat(0), c1 = c0;
  for (const end = a + (<usize> k << 2); a < end; a += 4, panel += 32) {
    const t = v128.load32_splat(a);
    c0 = fast ? step(t, v128.load(panel), c0, true) : step(t, v128.load(panel), c0, false);
    c1 = fast ? step(t, v128.load(panel, 16), c1, true) : step(t, v128.load(panel, 16), c1, false);
  }
  v128.store(strip, c0);
  v128.store(strip, c1, 16);
}

function gemv_f32(
  x: usize,
  ldx: usize,
  m: i32,
  k: i32,
  panels: usize,
  n: i32,
  y: usize,
  ldy: usize,
  bias: usize,
  residual: usize,
  ldr: usize,
  scratch: usize,
  fast: bool,
): void {
  const strip = align(scratch), size = <usize> k << 5;
  for (let j = 0; j < n;) {
    const width = n - j > 24 ? 32 : 8;
    const panel = panels + <usize> (j >> 3) * size;
    for (let i = 0; i < m; i++) {
      const a = x + <usize> i * ldx;
      if (width == 32) mk_f32_1x32(a, panel, size, k, strip, fast);
      else mk_f32_1x8(a, panel, k, strip, fast);
      for (let c = 0; c < width && j + c < n; c += 8) {
        const at = <usize> (j + c) << 2, from = strip + (<usize> c << 2);
        if (bias != 0 || residual != 0) {
          finish(
            from,
            0,
            1,
            bias ? bias + at : 0,
            residual ? residual + <usize> i * ldr + at : 0,
            0,
          );
        }
        const to = y + <usize> i * ldy + at;
        if (j + c + 8 <= n) {
          v128.store(to, v128.load(from));
          v128.store(to, v128.load(from, 16), 16);
        } else copy_tile(to, 0, from, 0, 1, n - j - c);
      }
    }
    j += width;
  }
}
