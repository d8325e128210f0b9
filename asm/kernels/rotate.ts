// H·x by additions, H = I ⊗ S ⊗ P: src/instructions/_hadamard.ts. Sums wrap modulo 2^32.
//
// P of order 36 is C ⊗ [[1, 1], [1, −1]] + I ⊗ [[1, −1], [−1, −1]], C the conference matrix of order 18: with the sums s and differences d
// of pairs, rows 2i and 2i + 1 are Σ C[i][j]·s[j] + d[i] and Σ C[i][j]·d[j] − s[i]. C is 1 along row and column 0, 0 at (0, 0), and the
// quadratic character of i − j modulo 17 elsewhere: sums over shifted copies.

/** Bit r: whether r is a square modulo 17. */
const SQUARES: u32 = 0x1a316;
const FIELD: usize = 17;

/** Bytes of scratch. */
export const ROTATE_BYTES: usize = 512;

// scratch: s and d i32[36] each, 17 of them twice; Σ C·s and Σ C·d i32[20] each
const D: usize = 144, CS: usize = 288, CD: usize = 368;

/** x i32[n] → H·x. */
export function rotate(x: usize, n: i32, paley: bool, scratch: usize): void {
  const p = paley && n % 36 == 0 ? 36 : 1, rest = n / p, power = rest & -rest;
  const end = x + (<usize> n << 2);
  if (p > 1) { for (let at = x; at < end; at += 144) rotate36(at, scratch); }
  for (let step = p; step < p * power; step <<= 1) {
    const size = <usize> step << 2;
    for (let at = x; at < end; at += size) {
      for (const half = at + size; at < half;) {
        const other = at + size;
        if (step < 4) {
          const a = load<i32>(at), b = load<i32>(other);
          store<i32>(at, a + b);
          store<i32>(other, a - b);
          at += 4;
        } else {
          const a = v128.load(at), b = v128.load(other);
          v128.store(at, i32x4.add(a, b));
          v128.store(other, i32x4.sub(a, b));
          at += 16;
        }
      }
    }
  }
}

function rotate36(x: usize, scratch: usize): void {
  const s0 = load<i32>(x) + load<i32>(x, 4), d0 = load<i32>(x) - load<i32>(x, 4);
  let s = 0, d = 0;
  for (let j: usize = 0; j < FIELD; j++) {
    const a = load<i32>(x + (j << 3), 8), b = load<i32>(x + (j << 3), 12), at = scratch + (j << 2);
    store<i32>(at, a + b);
    store<i32>(at, a + b, FIELD << 2);
    store<i32>(at, a - b, D);
    store<i32>(at, a - b, D + (FIELD << 2));
    s += a + b;
    d += a - b;
  }
  convolve(scratch, s0, scratch + CS);
  convolve(scratch + D, d0, scratch + CD);
  store<i32>(x, s + d0);
  store<i32>(x, d - s0, 4);
  for (let j: usize = 0; j < FIELD; j++) {
    const at = scratch + (j << 2), to = x + (j << 3);
    store<i32>(to, load<i32>(at, CS) + load<i32>(at, D), 8);
    store<i32>(to, load<i32>(at, CD) - load<i32>(at), 12);
  }
}

/** start + Σ_r χ(r)·a[i − r] for i = 0 … 16, r = 1 … 16. */
function convolve(a: usize, start: i32, to: usize): void {
  let c0 = i32x4.splat(start), c1 = c0, c2 = c0, c3 = c0, c4 = c0;
  for (let r: u32 = 1; r < <u32> FIELD; r++) {
    const p = a + ((FIELD - r) << 2);
    if ((SQUARES >> r) & 1) {
      c0 = i32x4.add(c0, v128.load(p));
      c1 = i32x4.add(c1, v128.load(p, 16));
      c2 = i32x4.add(c2, v128.load(p, 32));
      c3 = i32x4.add(c3, v128.load(p, 48));
      c4 = i32x4.add(c4, v128.load(p, 64));
    } else {
      c0 = i32x4.sub(c0, v128.load(p));
      c1 = i32x4.sub(c1, v128.load(p, 16));
      c2 = i32x4.sub(c2, v128.load(p, 32));
      c3 = i32x4.sub(c3, v128.load(p, 48));
      c4 = i32x4.sub(c4, v128.load(p, 64));
    }
  }
  v128.store(to, c0);
  v128.store(to, c1, 16);
  v128.store(to, c2, 32);
  v128.store(to, c3, 48);
  v128.store(to, c4, 64);
}

/** Codes i8[n] (any factors) times x i32[n], to `to`, of which whole vectors are written. */
export function times_signs(x: usize, signs: usize, n: i32, to: usize): void {
  for (; n > 0; n -= 4, x += 16, signs += 4, to += 16) {
    const s = i16x8.extend_low_i8x16_s(v128.load32_zero(signs));
    v128.store(to, i32x4.mul(v128.load(x), i32x4.extend_low_i16x8_s(s)));
  }
}
