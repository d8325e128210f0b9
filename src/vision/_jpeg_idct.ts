// The inverse DCT of libjpeg (jidctint.c, "islow"), to the bit: the algorithm of Loeffler, Ligtenberg and Moschytz with 12
// products, in fixed point with 13 bits; columns first, which keep 2 bits more for the rows.

const CONST_BITS = 13, PASS1_BITS = 2;

/** `round(x * 2^13)` */
const FIX_0_298631336 = 2446, FIX_0_390180644 = 3196, FIX_0_541196100 = 4433;
const FIX_0_765366865 = 6270, FIX_0_899976223 = 7373, FIX_1_175875602 = 9633;
const FIX_1_501321110 = 12299, FIX_1_847759065 = 15137, FIX_1_961570560 = 16069;
const FIX_2_053119869 = 16819, FIX_2_562915447 = 20995, FIX_3_072711026 = 25172;

const workspace = new Int32Array(64);

/** One dimension over `workspace`, from `at` in steps of `step`, rounded and shifted right by `shift`. */
function transform(at: number, step: number, shift: number): void {
  const w = workspace;
  const [p1, p2, p3] = [at + step, at + 2 * step, at + 3 * step];
  const [p4, p5, p6, p7] = [at + 4 * step, at + 5 * step, at + 6 * step, at + 7 * step];
  const rounding = 1 << (shift - 1);
  const even = Math.imul(w[p2] + w[p6], FIX_0_541196100);
  const even2 = even - Math.imul(w[p6], FIX_1_847759065);
  const even3 = even + Math.imul(w[p2], FIX_0_765366865);
  const sum = (w[at] + w[p4] << CONST_BITS) + rounding;
  const difference = (w[at] - w[p4] << CONST_BITS) + rounding;
  const t10 = sum + even3, t13 = sum - even3, t11 = difference + even2, t12 = difference - even2;
  const z5 = Math.imul(w[p7] + w[p3] + w[p5] + w[p1], FIX_1_175875602);
  const z1 = Math.imul(w[p7] + w[p1], -FIX_0_899976223);
  const z2 = Math.imul(w[p5] + w[p3], -FIX_2_562915447);
  const z3 = Math.imul(w[p7] + w[p3], -FIX_1_961570560) + z5;
  const z4 = Math.imul(w[p5] + w[p1], -FIX_0_390180644) + z5;
  const t0 = Math.imul(w[p7], FIX_0_298631336) + z1 + z3;
  const t1 = Math.imul(w[p5], FIX_2_053119869) + z2 + z4;
  const t2 = Math.imul(w[p3], FIX_3_072711026) + z2 + z3;
  const t3 = Math.imul(w[p1], FIX_1_501321110) + z1 + z4;
  w[at] = t10 + t3 >> shift;
  w[p7] = t10 - t3 >> shift;
  w[p1] = t11 + t2 >> shift;
  w[p6] = t11 - t2 >> shift;
  w[p2] = t12 + t1 >> shift;
  w[p5] = t12 - t1 >> shift;
  w[p3] = t13 + t0 >> shift;
  w[p4] = t13 - t0 >> shift;
}

/**
 * Turns the coefficients of a block, which begin at `from`, into samples of a plane.
 *
 * @param divisors The quantisation table.
 * @param plane Where rows of 8 samples go, from `to` in steps of `stride`.
 */
export function inverseDct(
  coefficients: Int16Array,
  from: number,
  divisors: Uint16Array,
  plane: Uint8Array,
  to: number,
  stride: number,
): void {
  let others = 0;
  for (let i = 0; i < 64; i++) {
    const value = coefficients[from + i];
    if (i > 0) others |= value;
    workspace[i] = Math.imul(value, divisors[i]);
  }
  if (others === 0) {
    // Both passes of a constant, together.
    const sample = clamp(((workspace[0] << PASS1_BITS) + 16 >> 5) + 128);
    for (let y = 0; y < 8; y++, to += stride) plane.fill(sample, to, to + 8);
    return;
  }
  for (let x = 0; x < 8; x++) transform(x, 8, CONST_BITS - PASS1_BITS);
  for (let y = 0; y < 8; y++, to += stride) {
    transform(8 * y, 1, CONST_BITS + PASS1_BITS + 3);
    for (let x = 0; x < 8; x++) plane[to + x] = clamp(workspace[8 * y + x] + 128);
  }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
