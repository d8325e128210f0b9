// Sums over the middle extent of [A][B][C] float32, in the one order that they have: row b is added to partial b mod 16, from +0, b
// ascending, then halves are added to halves (f32_math.ts). Rows are read in the order of memory: 16 partial rows lie in scratch, and
// where rows are of one element and next to one another, in registers.
import { tree_sum } from "./f32_math";
import { mask_first } from "./pack";

/** What is added up: p, p − u, ((p − u) − w)², p·q; and the largest p instead of a sum. */
export const TERM_PLAIN: i32 = 0,
  TERM_NEAR: i32 = 1,
  TERM_SQUARE: i32 = 2,
  TERM_PRODUCT: i32 = 3,
  TERM_LARGEST: i32 = 4;

const LOWEST: usize = memory.data<u32>([0xff800000], 16);

// @ts-ignore: decorator
@inline
function term(kind: i32, p: v128, q: v128, u: v128, w: v128): v128 {
  if (kind == TERM_NEAR) return f32x4.sub(p, u);
  if (kind == TERM_SQUARE) {
    const d = f32x4.sub(f32x4.sub(p, u), w);
    return f32x4.mul(d, d);
  }
  return kind == TERM_PRODUCT ? f32x4.mul(p, q) : p;
}

/** Bytes of scratch for rows of n elements. */
export function sums_scratch(n: i32): usize {
  return (<usize> n + 3 & ~3) * 64 + 64;
}

/** Sums of `count` elements next to one another; u and w are one element each. */
function line_sum(kind: i32, p: usize, q: usize, count: i32, u: v128, w: v128): f32 {
  const start = kind == TERM_LARGEST ? v128.load32_splat(LOWEST) : f32x4.splat(0);
  let s0 = start, s1 = start, s2 = start, s3 = start;
  for (let left = count; left > 0; left -= 4, p += 16, q += 16) {
    const v = v128.load(p);
    let t = term(kind, v, kind == TERM_PRODUCT ? v128.load(q) : v, u, w);
    if (left < 4) t = v128.bitselect(t, start, mask_first(left << 2));
    const sum = kind == TERM_LARGEST ? f32x4.pmax(s0, t) : f32x4.add(s0, t);
    // The next four partial sums come round.
    s0 = s1, s1 = s2, s2 = s3, s3 = sum;
  }
  // Back to the first place: as many turns as are missing to a whole round.
  for (let turns = (count + 3) >> 2; turns & 3; turns++) {
    const first = s0;
    s0 = s1, s1 = s2, s2 = s3, s3 = first;
  }
  if (kind != TERM_LARGEST) return tree_sum(s0, s1, s2, s3);
  const m = f32x4.pmax(f32x4.pmax(s0, s2), f32x4.pmax(s1, s3));
  const h = f32x4.pmax(m, v128.shuffle<i64>(m, m, 1, 0));
  return f32x4.extract_lane(f32x4.pmax(h, v128.shuffle<i32>(h, h, 1, 0, 3, 2)), 0);
}

/**
 * Adds up `count` rows of n elements.
 *
 * @param kind TERM_…
 * @param p, ldp The rows, and bytes from one to the next; q, ldq those of products.
 * @param u, w Rows of what is taken off.
 * @param y The sums, n of them.
 */
export function sum_rows_f32(
  kind: i32,
  p: usize,
  ldp: usize,
  q: usize,
  ldq: usize,
  count: i32,
  n: i32,
  u: usize,
  w: usize,
  y: usize,
  scratch: usize,
): void {
  if (n == 1 && ldp == 4 && (ldq == 4 || kind != TERM_PRODUCT)) {
    const first = kind == TERM_NEAR || kind == TERM_SQUARE ? v128.load32_splat(u) : f32x4.splat(0);
    const second = kind == TERM_SQUARE ? v128.load32_splat(w) : f32x4.splat(0);
    store<f32>(y, line_sum(kind, p, q, count, first, second));
    return;
  }
  const columns = n + 3 & ~3, row = <usize> columns << 2, partial = scratch + 15 & ~15;
  const start = kind == TERM_LARGEST ? v128.load32_splat(LOWEST) : f32x4.splat(0);
  for (let at: usize = 0; at < row << 4; at += 16) v128.store(partial + at, start);
  if (kind == TERM_PLAIN) add_rows(TERM_PLAIN, p, ldp, q, ldq, count, row, u, w, partial);
  else if (kind == TERM_NEAR) add_rows(TERM_NEAR, p, ldp, q, ldq, count, row, u, w, partial);
  else if (kind == TERM_SQUARE) add_rows(TERM_SQUARE, p, ldp, q, ldq, count, row, u, w, partial);
  else if (kind == TERM_PRODUCT) add_rows(TERM_PRODUCT, p, ldp, q, ldq, count, row, u, w, partial);
  else add_rows(TERM_LARGEST, p, ldp, q, ldq, count, row, u, w, partial);
  join(kind, partial, row);
  memory.copy(y, partial, <usize> n << 2);
}

/** Adds row b to partial row b mod 16; the kind is a constant. */
// @ts-ignore: decorator
@inline
function add_rows(
  kind: i32,
  p: usize,
  ldp: usize,
  q: usize,
  ldq: usize,
  count: i32,
  row: usize,
  u: usize,
  w: usize,
  partial: usize,
): void {
  const end = partial + (row << 4);
  for (let to = partial; count > 0; count--, p += ldp, q += ldq) {
    for (let at: usize = 0; at < row; at += 16, to += 16) {
      const v = v128.load(p + at);
      const t = term(
        kind,
        v,
        kind == TERM_PRODUCT ? v128.load(q + at) : v,
        kind == TERM_NEAR || kind == TERM_SQUARE ? v128.load(u + at) : v,
        kind == TERM_SQUARE ? v128.load(w + at) : v,
      );
      const sum = v128.load(to);
      v128.store(to, kind == TERM_LARGEST ? f32x4.pmax(sum, t) : f32x4.add(sum, t));
    }
    if (to == end) to = partial;
  }
}

/** Adds one row to a partial row: of `TERM_NEAR` or `TERM_SQUARE`. */
export function add_row_f32(
  kind: i32,
  p: usize,
  row: usize,
  u: usize,
  w: usize,
  to: usize,
): void {
  for (let at: usize = 0; at < row; at += 16) {
    const near = f32x4.sub(v128.load(p + at), v128.load(u + at));
    let t = near;
    if (kind == TERM_SQUARE) {
      const d = f32x4.sub(near, v128.load(w + at));
      t = f32x4.mul(d, d);
    }
    v128.store(to + at, f32x4.add(v128.load(to + at), t));
  }
}

/** The sum of the partial rows, in the first: halves are added to halves. */
export function join(kind: i32, partial: usize, row: usize): void {
  for (let half: usize = 8; half > 0; half >>= 1) {
    for (let at: usize = 0; at < half * row; at += 16) {
      const a = v128.load(partial + at), b = v128.load(partial + half * row + at);
      v128.store(partial + at, kind == TERM_LARGEST ? f32x4.pmax(a, b) : f32x4.add(a, b));
    }
  }
}

/**
 * Adds up `count` rows of dy, and of products dy·y, in one pass over memory.
 *
 * @param scratch As large as `sums_scratch` says, twice.
 */
export function sum_rows_and_products_f32(
  dy: usize,
  ldd: usize,
  y: usize,
  ldy: usize,
  count: i32,
  n: i32,
  sums: usize,
  products: usize,
  scratch: usize,
): void {
  const row = (<usize> n + 3 & ~3) << 2, size = row << 4, partial = scratch + 15 & ~15;
  memory.fill(partial, 0, 2 * size);
  const end = partial + size;
  for (let to = partial; count > 0; count--, dy += ldd, y += ldy) {
    for (let at: usize = 0; at < row; at += 16, to += 16) {
      const d = v128.load(dy + at), second = to + size;
      v128.store(to, f32x4.add(v128.load(to), d));
      const product = f32x4.mul(d, v128.load(y + at));
      v128.store(second, f32x4.add(v128.load(second), product));
    }
    if (to == end) to = partial;
  }
  join(TERM_PLAIN, partial, row);
  join(TERM_PLAIN, end, row);
  memory.copy(sums, partial, <usize> n << 2);
  memory.copy(products, end, <usize> n << 2);
}
