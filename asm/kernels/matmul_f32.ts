// Products of float32 matrices that both change, k ascending in one accumulator, as gemm_f32.ts.
//
//   a·bᵀ, a·b   b is packed into panels, then gemm_f32
//   aᵀ·b        blocks of K_BLOCK rows of both, each summed from +0, the sums of the blocks added in their order: the length of k (all
//               places of a batch) needs no memory, and a sum of thousands loses fewer digits than in one accumulator
//
// Rows of a are k here, so that four columns of a row are four rows of aᵀ: packing is a copy.
import { gemm_f32, gemm_f32_scratch } from "./gemm_f32";
import { mk_f32_4x8, ZERO } from "./microkernels_f32";
import { pack_panels_f32 } from "./pack_f32";
import { store_words } from "./tail";

/** Elements of the panels of b that are packed at once. */
const GROUP_ELEMENTS: i32 = 131072;

/** Rows of a block of aᵀ·b. */
export const K_BLOCK: i32 = 128;

/** Bytes of the panels of a matrix of n columns. */
export function panels_bytes(k: i32, n: i32): usize {
  return <usize> (n + 7 >> 3) * <usize> k * 32 + 64;
}

/** Most columns of b that are packed before they are used: as many as stay in L2. */
// @ts-ignore: decorator
@inline
function group_of(k: i32, n: i32): i32 {
  return min(n, max(GROUP_ELEMENTS / max(k, 1) & ~31, 32));
}

export function matmul_scratch(m: i32, k: i32, n: i32): usize {
  // Fewer k make larger groups: the most bytes are those of a whole group, or of all columns.
  const most = max(<usize> GROUP_ELEMENTS << 2, panels_bytes(k, 32));
  return min(panels_bytes(k, n), most) + 64 + gemm_f32_scratch(m, k, n) + 128;
}

// @ts-ignore: decorator
@inline
function aligned(p: usize): usize {
  return p + 63 & ~63;
}

/** y[m][n] = a[m][k]·b (+ bias); b is [n][k] where `transposed` is 1, else [k][n]. */
export function matmul_f32(
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  transposed: i32,
  bias: usize,
  y: usize,
  ldy: usize,
  m: i32,
  k: i32,
  n: i32,
  scratch: usize,
): void {
  const panels = aligned(scratch), group = group_of(k, n), own = panels + panels_bytes(k, group);
  for (let j = 0; j < n; j += group) {
    const columns = min(group, n - j), offset = <usize> j << 2;
    const biases = bias ? bias + offset : 0;
    if (transposed) pack_panels_f32(b + <usize> j * ldb, ldb, k, columns, 1, panels);
    else pack_rows_f32(b + offset, ldb, k, columns, panels);
    gemm_f32(a, lda, m, k, panels, columns, y + offset, ldy, biases, 0, 0, own);
  }
}

/** As `pack_panels_f32` of b `[k][n]`, four panels at a time: what a row has of them lies next to one another. */
function pack_rows_f32(b: usize, ld: usize, k: i32, n: i32, to: usize): void {
  const size = <usize> k << 5;
  let j = 0;
  for (; j + 32 <= n; j += 32, to += size << 2) {
    let p = b + (<usize> j << 2), p0 = to, p1 = p0 + size, p2 = p1 + size, p3 = p2 + size;
    for (let i = 0; i < k; i++, p += ld, p0 += 32, p1 += 32, p2 += 32, p3 += 32) {
      v128.store(p0, v128.load(p));
      v128.store(p0, v128.load(p, 16), 16);
      v128.store(p1, v128.load(p, 32));
      v128.store(p1, v128.load(p, 48), 16);
      v128.store(p2, v128.load(p, 64));
      v128.store(p2, v128.load(p, 80), 16);
      v128.store(p3, v128.load(p, 96));
      v128.store(p3, v128.load(p, 112), 16);
    }
  }
  if (j < n) pack_panels_f32(b + (<usize> j << 2), ld, k, n - j, 0, to);
}

/** Bytes of the packed rows of a block. */
function columns_bytes(m: i32): usize {
  return <usize> (m + 3 >> 2) * K_BLOCK * 32 + 64;
}

export function matmul_tn_scratch(m: i32, n: i32): usize {
  return columns_bytes(m) + panels_bytes(K_BLOCK, n) + 128 + 64;
}

/** Four columns of k rows as a doubled panel of `mk_f32_4x8`. */
function pack_columns_f32(a: usize, ld: usize, k: i32, m: i32, to: usize): void {
  for (let i = 0; i < m; i += 4) {
    let p = a + (<usize> i << 2);
    for (let left = k; left > 0; left--, p += ld, to += 32) {
      const v = v128.load(p);
      v128.store(to, v);
      v128.store(to, v, 16);
    }
  }
}

/** Where the panels of a block's b are to be written: `matmul_tn_block` reads them there. */
export function tn_panels(m: i32, scratch: usize): usize {
  return aligned(scratch) + 128 + columns_bytes(m);
}

/**
 * y[m][n] (+)= aᵀ·b for k ≤ K_BLOCK rows of a, b in panels at `tn_panels`.
 *
 * @param isFirst Whether y is set, and not added to.
 */
export function matmul_tn_block(
  a: usize,
  lda: usize,
  k: i32,
  m: i32,
  n: i32,
  y: usize,
  ldy: usize,
  isFirst: bool,
  scratch: usize,
): void {
  const edge = aligned(scratch), packed = edge + 128, panels = tn_panels(m, scratch);
  pack_columns_f32(a, lda, k, m, packed);
  for (let j = 0; j < n; j += 8) {
    const panel = panels + <usize> (j >> 3) * <usize> k * 32, columns = min(8, n - j);
    for (let i = 0; i < m; i += 4) {
      const tile = packed + <usize> (i >> 2) * <usize> k * 32, height = min(4, m - i);
      const to = y + <usize> i * ldy + (<usize> j << 2);
      if (columns == 8 && height == 4 && isFirst) {
        mk_f32_4x8(tile, panel, to, ldy, k, ZERO, false);
        continue;
      }
      mk_f32_4x8(tile, panel, edge, 32, k, ZERO, false);
      if (isFirst) copy_rows(to, ldy, edge, 32, height, columns);
      else add_rows(to, ldy, edge, height, columns);
    }
  }
}

/** Adds the rows of a tile of 8 columns. */
function add_rows(to: usize, ldt: usize, from: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++, to += ldt, from += 32) {
    store_words(to, f32x4.add(v128.load(to), v128.load(from)), columns);
    if (columns > 4) {
      const sum = f32x4.add(v128.load(to, 16), v128.load(from, 16));
      store_words(to + 16, sum, columns - 4);
    }
  }
}

function copy_rows(to: usize, ldt: usize, from: usize, ldf: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++, to += ldt, from += ldf) {
    memory.copy(to, from, <usize> columns << 2);
  }
}

/** y[m][n] = aᵀ·b, a [k][m], b [k][n]. */
export function matmul_tn_f32(
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  y: usize,
  ldy: usize,
  m: i32,
  k: i32,
  n: i32,
  scratch: usize,
): void {
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const rows = min(K_BLOCK, k - k0);
    pack_panels_f32(b + <usize> k0 * ldb, ldb, rows, n, 0, tn_panels(m, scratch));
    matmul_tn_block(a + <usize> k0 * lda, lda, rows, m, n, y, ldy, k0 == 0, scratch);
  }
}
