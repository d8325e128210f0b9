// Products of float32 matrices that both change, k ascending in one accumulator, as gemm_f32.ts.
//
//   a·bᵀ, a·b   blocks of K_STEPS steps of k, whose sums go on in y; of each, groups of columns of b are packed, and of each, blocks of
//               M_ROWS rows of a: panels of b stay in L2 until all rows have used them, those of a while columns of a group go by
//   aᵀ·b        blocks of K_BLOCK rows of both, each summed from +0, the sums of the blocks added in their order: the length of k (all
//               places of a batch) needs no memory, and a sum of thousands loses fewer digits than in one accumulator
//
// Rows of a are k in the latter, so that four columns of a row are four rows of aᵀ: packing is a copy.
import { copy_tile, finish, gemm_f32_fast, gemm_f32_scratch } from "./gemm_f32";
import { mk_train_4x8, RAW, ROWS, TRAIN_STEP_SHIFT, ZERO } from "./microkernels_f32";
import { pack_a_f32, pack_panels_f32 } from "./pack_f32";
import { store_words } from "./tail";

/** Most elements of the panels of b that are packed at once. */
const GROUP_ELEMENTS: i32 = 131072;

const K_STEPS: i32 = 384, M_ROWS: i32 = 128;

/** Up to here panels are packed for a kernel of single rows. */
const FEW_ROWS: i32 = 2;

/** Rows of a block of aᵀ·b. */
export const K_BLOCK: i32 = 128;

/** Bytes of the panels of a matrix of n columns. */
export function panels_bytes(k: i32, n: i32): usize {
  return <usize> (n + 7 >> 3) * <usize> k * 32 + 64;
}

/** Columns of b that are packed before they are used. */
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

/** Parts of equal size, none larger than `most`. */
// @ts-ignore: decorator
@inline
function part_of(size: i32, most: i32): i32 {
  const count = max((size + most - 1) / most, 1);
  return (size + count - 1) / count;
}

/** Columns of b `[n][k]` (`transposed` is 1) or `[k][n]` as panels. */
// @ts-ignore: decorator
@inline
function pack_group(b: usize, ld: usize, k: i32, n: i32, transposed: i32, to: usize): void {
  if (transposed) pack_panels_f32(b, ld, k, n, 1, to);
  else pack_rows_f32(b, ld, k, n, to);
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
  const isFew = m <= FEW_ROWS;
  const steps = isFew ? k : part_of(k, K_STEPS), group = group_of(steps, n);
  const across: usize = transposed ? ldb : 4, along: usize = transposed ? 4 : ldb;
  const panels = aligned(scratch), own = panels + panels_bytes(steps, group);
  const rows = part_of(m, M_ROWS) + 3 & ~3, edge = aligned(own), packed = edge + 128;
  for (let k0 = 0; k0 < k; k0 += steps) {
    const count = min(steps, k - k0);
    for (let j = 0; j < n; j += group) {
      const columns = min(group, n - j), offset = <usize> j << 2;
      const biases = bias != 0 && k0 + count == k ? bias + offset : 0;
      const from = b + <usize> j * across + <usize> k0 * along;
      pack_group(from, ldb, count, columns, transposed, panels);
      if (isFew) {
        gemm_f32_fast(a, lda, m, k, panels, columns, y + offset, ldy, biases, 0, 0, own);
        continue;
      }
      for (let i = 0; i < m; i += rows) {
        const height = min(rows, m - i), to = y + <usize> i * ldy + offset;
        // One block of rows serves all groups.
        if (j == 0 || rows < m) {
          const source = a + <usize> i * lda + (<usize> k0 << 2);
          pack_a_f32(source, lda, height, count, packed, !ASC_FEATURE_RELAXED_SIMD);
        }
        block(
          packed,
          panels,
          height,
          columns,
          count,
          k0 == 0,
          k0 + count == k,
          biases,
          to,
          ldy,
          edge,
        );
      }
    }
  }
}

/** Panels of a times panels of b: rows × columns of y, which has the sums of the steps before unless these are the first. */
function block(
  a: usize,
  panels: usize,
  rows: i32,
  columns: i32,
  steps: i32,
  isFirst: bool,
  isLast: bool,
  bias: usize,
  y: usize,
  ldy: usize,
  edge: usize,
): void {
  const line = <usize> steps << TRAIN_STEP_SHIFT;
  for (let j = 0; j < columns; j += 8, panels += <usize> steps << 5) {
    const width = min(8, columns - j);
    let tile = a, to = y + (<usize> j << 2);
    for (let i = 0; i < rows; i += 4, tile += line, to += ldy << 2) {
      const height = min(4, rows - i), isWhole = width == 8 && height == 4;
      const c = isWhole ? to : edge, ld = isWhole ? ldy : 32;
      if (!isWhole && !isFirst) copy_tile(edge, 32, to, ldy, height, width);
      const start = isFirst ? ZERO : isWhole ? RAW : ROWS;
      mk_train_4x8(tile, panels, c, ld, steps, start, isWhole && !isLast);
      if (bias) finish(c, ld, height, bias + (<usize> j << 2), 0, 0);
      if (!isWhole) copy_tile(to, ldy, edge, 32, height, width);
    }
  }
}

/** As `pack_panels_f32` of b `[k][n]`, row by row: what lies next to one another in memory is read so. */
function pack_rows_f32(b: usize, ld: usize, k: i32, n: i32, to: usize): void {
  const whole = n & ~7, size = <usize> k << 5, most = k & ~3, first = b;
  for (let i = 0; i < most; i += 4, b += ld << 2) {
    let p0 = b, p1 = b + ld, p2 = p1 + ld, p3 = p2 + ld, q = to + (<usize> i << 5);
    for (
      const end = b + (<usize> whole << 2);
      p0 < end;
      p0 += 32, p1 += 32, p2 += 32, p3 += 32, q += size
    ) {
      v128.store(q, v128.load(p0));
      v128.store(q, v128.load(p0, 16), 16);
      v128.store(q, v128.load(p1), 32);
      v128.store(q, v128.load(p1, 16), 48);
      v128.store(q, v128.load(p2), 64);
      v128.store(q, v128.load(p2, 16), 80);
      v128.store(q, v128.load(p3), 96);
      v128.store(q, v128.load(p3, 16), 112);
    }
  }
  for (let i = most; i < k; i++, b += ld) {
    let p = b, q = to + (<usize> i << 5);
    for (const end = b + (<usize> whole << 2); p < end; p += 32, q += size) {
      v128.store(q, v128.load(p));
      v128.store(q, v128.load(p, 16), 16);
    }
  }
  if (whole < n) {
    const left = first + (<usize> whole << 2);
    pack_panels_f32(left, ld, k, n - whole, 0, to + <usize> (whole >> 3) * size);
  }
}

/** Bytes of the packed rows of a block. */
function columns_bytes(m: i32): usize {
  return <usize> (m + 3 >> 2) * K_BLOCK * 32 + 64;
}

export function matmul_tn_scratch(m: i32, n: i32): usize {
  return columns_bytes(m) + panels_bytes(K_BLOCK, n) + 128 + 64;
}

/** Four columns of k rows as a panel of `mk_train_4x8`. */
function pack_columns_f32(a: usize, ld: usize, k: i32, m: i32, to: usize): void {
  for (let i = 0; i < m; i += 4) {
    let p = a + (<usize> i << 2);
    for (let left = k; left > 0; left--, p += ld, to += 1 << TRAIN_STEP_SHIFT) {
      const v = v128.load(p);
      v128.store(to, v);
      if (!ASC_FEATURE_RELAXED_SIMD) v128.store(to, v, 16);
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
      const tile = packed + (<usize> (i >> 2) * <usize> k << TRAIN_STEP_SHIFT),
        height = min(4, m - i);
      const to = y + <usize> i * ldy + (<usize> j << 2);
      if (columns == 8 && height == 4 && isFirst) {
        mk_train_4x8(tile, panel, to, ldy, k, ZERO, false);
        continue;
      }
      mk_train_4x8(tile, panel, edge, 32, k, ZERO, false);
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
