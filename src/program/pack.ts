/**
 * Canonical weight panels: how matrices of weights lie in a file and in memory. Column n of the product is row n of `w`; eight columns make a
 * panel, and panels follow each other, so that kernels read them strictly in order.
 *
 * @module
 */

function packBytes(w: Int8Array, n: number, k: number, offset: number): Uint8Array {
  if (w.length !== n * k) {
    throw new RangeError(`Cannot pack ${w.length} codes as ${n} rows of ${k}`);
  }
  const steps = Math.ceil(k / 4);
  const out = new Uint8Array(Math.ceil(n / 8) * steps * 32).fill(offset);
  for (let row = 0; row < n; row++) {
    const base = (row >> 3) * steps * 32 + (row & 7) * 4;
    for (let i = 0; i < k; i++) out[base + (i >> 2) * 32 + (i & 3)] = w[row * k + i] + offset;
  }
  return out;
}

/**
 * Packs int8 weights for `gemm_i8`.
 *
 * @param w Codes −128 … 127, row-major `[n][k]`.
 * @param n Output columns.
 * @param k Inner size.
 * @returns `[⌈n/8⌉][⌈k/4⌉][8 columns][4 k]` two's complement bytes, padded with 0.
 */
export function packPanelsI8(w: Int8Array, n: number, k: number): Uint8Array {
  return packBytes(w, n, k, 0);
}

/**
 * Packs 7-bit weights for `gemm_i7`, which needs its second operand in 0 … 127.
 *
 * @param w Codes −63 … 63, row-major `[n][k]`.
 * @param n Output columns.
 * @param k Inner size.
 * @returns `[⌈n/8⌉][⌈k/4⌉][8 columns][4 k]` bytes code + 64, padded with 64.
 */
export function packPanelsI7(w: Int8Array, n: number, k: number): Uint8Array {
  const bad = w.find((code) => code < -63 || code > 63);
  if (bad !== undefined) {
    throw new RangeError(`Cannot pack code ${bad} in 7 bits: expected -63 to 63`);
  }
  return packBytes(w, n, k, 64);
}

/**
 * Packs trits for `linear_ternary`.
 *
 * @param w Trits −1, 0 and 1, row-major `[n][k]`.
 * @param n Output columns.
 * @param k Inner size.
 * @returns `[⌈n/8⌉][⌈k/16⌉][8 columns][4]` bytes: bits 2p and 2p+1 of byte j of a group hold trit + 1
 * of its k = 4p + j; padded with trit 0.
 */
export function packPanelsT2(w: Int8Array, n: number, k: number): Uint8Array {
  if (w.length !== n * k) {
    throw new RangeError(`Cannot pack ${w.length} trits as ${n} rows of ${k}`);
  }
  const groups = Math.ceil(k / 16);
  const out = new Uint8Array(Math.ceil(n / 8) * groups * 32).fill(0x55);
  for (let row = 0; row < n; row++) {
    const base = (row >> 3) * groups * 32 + (row & 7) * 4;
    for (let i = 0; i < k; i++) {
      // 01 becomes trit + 1
      out[base + (i >> 4) * 32 + (i & 3)] ^= (w[row * k + i] + 1 ^ 1) << 2 * (i >> 2 & 3);
    }
  }
  return out;
}

/**
 * Packs float32 weights for `gemm_f32`.
 *
 * @param w Row-major `[n][k]`.
 * @param n Output columns.
 * @param k Inner size.
 * @returns `[⌈n/8⌉][k][8 columns]`, padded with 0.
 */
export function packPanelsF32(w: Float32Array, n: number, k: number): Float32Array {
  if (w.length !== n * k) {
    throw new RangeError(`Cannot pack ${w.length} values as ${n} rows of ${k}`);
  }
  const out = new Float32Array(Math.ceil(n / 8) * k * 8);
  for (let row = 0; row < n; row++) {
    const base = (row >> 3) * k * 8 + (row & 7);
    for (let i = 0; i < k; i++) out[base + i * 8] = w[row * k + i];
  }
  return out;
}
