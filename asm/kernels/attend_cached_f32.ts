// Float32 attention over rows of a cache where they lie, for two queries at a time that read the same keys; formulas:
// ../ops/attention_cached_f32.ts. Two queries beside one cost nothing where one waits for its own sums; a tile of scores is 2×4 keys, one of
// values 2×16 columns: eight accumulators each, six loads for sixteen operations. Reads pass the end of a row by up to 60 bytes.
import { mask_first } from "./pack";

/** Four sums over the lanes of four vectors: (a[0] + a[2]) + (a[1] + a[3]) of each. */
// @ts-ignore: decorator
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const e = f32x4.add(v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3));
  const f = f32x4.add(v128.shuffle<i64>(c, d, 0, 2), v128.shuffle<i64>(c, d, 1, 3));
  return f32x4.add(v128.shuffle<i32>(e, f, 0, 2, 4, 6), v128.shuffle<i32>(e, f, 1, 3, 5, 7));
}

/**
 * s[i][j] = (sum of lanes of Σ q[i]·k[j])·scale for i < 2, and j < keys rounded up to 4.
 * @param q, r two rows of `depth` floats
 * @param k, stride the rows of keys
 * @param s, ld the rows of scores
 */
export function scores_pair_f32(
  q: usize,
  r: usize,
  depth: i32,
  k: usize,
  stride: usize,
  keys: i32,
  scale: f32,
  s: usize,
  ld: usize,
): void {
  const factor = f32x4.splat(scale), whole = <usize> (depth & ~3) << 2;
  const rest = mask_first((depth & 3) << 2);
  for (let left = keys; left > 0; left -= 4, k += stride << 2, s += 16) {
    // Rows past the last are the last again.
    const k1 = left > 1 ? k + stride : k,
      k2 = left > 2 ? k1 + stride : k1,
      k3 = left > 3 ? k2 + stride : k2;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const u = v128.load(q + at), w = v128.load(r + at);
      let row = v128.load(k + at);
      a0 = f32x4.add(a0, f32x4.mul(u, row)), b0 = f32x4.add(b0, f32x4.mul(w, row));
      row = v128.load(k1 + at);
      a1 = f32x4.add(a1, f32x4.mul(u, row)), b1 = f32x4.add(b1, f32x4.mul(w, row));
      row = v128.load(k2 + at);
      a2 = f32x4.add(a2, f32x4.mul(u, row)), b2 = f32x4.add(b2, f32x4.mul(w, row));
      row = v128.load(k3 + at);
      a3 = f32x4.add(a3, f32x4.mul(u, row)), b3 = f32x4.add(b3, f32x4.mul(w, row));
    }
    if (depth & 3) {
      const u = v128.load(q + at), w = v128.load(r + at);
      let row = v128.load(k + at);
      a0 = last(a0, u, row, rest), b0 = last(b0, w, row, rest);
      row = v128.load(k1 + at);
      a1 = last(a1, u, row, rest), b1 = last(b1, w, row, rest);
      row = v128.load(k2 + at);
      a2 = last(a2, u, row, rest), b2 = last(b2, w, row, rest);
      row = v128.load(k3 + at);
      a3 = last(a3, u, row, rest), b3 = last(b3, w, row, rest);
    }
    v128.store(s, f32x4.mul(sums(a0, a1, a2, a3), factor));
    v128.store(s + ld, f32x4.mul(sums(b0, b1, b2, b3), factor));
  }
}

/** The products that count; +0 for the others, which changes no sum. */
function last(sum: v128, a: v128, b: v128, keep: v128): v128 {
  return f32x4.add(sum, v128.and(f32x4.mul(a, b), keep));
}

/**
 * c[i] = Σ p[i][j]·v[j] for i < 2 and 16 columns, j ascending: `rows` of them, and for i = 1 maybe one more.
 * @param p, ld the rows of probabilities
 * @param v, stride the rows of values
 * @param c f32[2][16]
 */
export function values_pair_f32(
  p: usize,
  ld: usize,
  v: usize,
  stride: usize,
  rows: i32,
  more: bool,
  c: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (const end = p + (<usize> rows << 2); p < end; p += 4, v += stride) {
    const u = v128.load32_splat(p), w = v128.load32_splat(p + ld);
    let row = v128.load(v);
    a0 = f32x4.add(a0, f32x4.mul(u, row)), b0 = f32x4.add(b0, f32x4.mul(w, row));
    row = v128.load(v, 16);
    a1 = f32x4.add(a1, f32x4.mul(u, row)), b1 = f32x4.add(b1, f32x4.mul(w, row));
    row = v128.load(v, 32);
    a2 = f32x4.add(a2, f32x4.mul(u, row)), b2 = f32x4.add(b2, f32x4.mul(w, row));
    row = v128.load(v, 48);
    a3 = f32x4.add(a3, f32x4.mul(u, row)), b3 = f32x4.add(b3, f32x4.mul(w, row));
  }
  if (more) {
    const w = v128.load32_splat(p + ld);
    b0 = f32x4.add(b0, f32x4.mul(w, v128.load(v)));
    b1 = f32x4.add(b1, f32x4.mul(w, v128.load(v, 16)));
    b2 = f32x4.add(b2, f32x4.mul(w, v128.load(v, 32)));
    b3 = f32x4.add(b3, f32x4.mul(w, v128.load(v, 48)));
  }
  v128.store(c, a0), v128.store(c, a1, 16), v128.store(c, a2, 32), v128.store(c, a3, 48);
  v128.store(c, b0, 64), v128.store(c, b1, 80), v128.store(c, b2, 96), v128.store(c, b3, 112);
}
