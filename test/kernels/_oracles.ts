/** Straightforward definitions of the integer and float instructions, independent of `src/engines/reference`. */
const f = Math.fround;

/** round(z·m / 2^e): `asm/kernels/integer.ts`. */
export function rounded(z: number, m: number, e: number, rounding: number): bigint {
  if (e > 62) return 0n;
  e = Math.max(e, 1);
  const p = BigInt(z) * BigInt(m), one = 1n << BigInt(e), half = one >> 1n;
  const floor = p >> BigInt(e), rest = p - (floor << BigInt(e));
  if (rounding === 0) {
    return rest > half || (rest === half && (floor & 1n) === 1n) ? floor + 1n : floor;
  }
  if (rounding === 1) return rest >= half ? floor + 1n : floor;
  if (rounding === 2) return rest > half || (rest === half && p > 0n) ? floor + 1n : floor;
  const s = 31 - e, shifted = BigInt.asIntN(32, BigInt(z) << BigInt(Math.max(s, 0)));
  const h = BigInt.asIntN(32, (shifted * BigInt(m) + (1n << 30n)) >> 31n),
    r = BigInt(Math.max(-s, 0));
  const mask = (1n << r) - 1n, left = h & mask;
  return (h >> r) + (left > (mask >> 1n) + (h < 0n ? 1n : 0n) ? 1n : 0n);
}

const BITS: Record<string, number> = { i8: 8, i16: 16, i32: 32 };

/** Clamps to the type. */
export function saturate(v: bigint, dtype: string): number {
  const high = (1n << BigInt(BITS[dtype] - 1)) - 1n;
  return Number(v > high ? high : v < -high - 1n ? -high - 1n : v);
}

const wrap32 = (v: bigint): number => Number(BigInt.asIntN(32, v));
const M31 = 2n ** 31n - 1n;
const divideFloor = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  return q * b !== a && (a < 0n) !== (b < 0n) ? q - 1n : q;
};

export function meanHalfEven(sum: bigint, n: bigint): bigint {
  const q = divideFloor(sum, n), rest = 2n * (sum - q * n);
  return rest > n || (rest === n && (q & 1n) === 1n) ? q + 1n : q;
}

export function layerNorm(x: number[], bias: number[]): number[] {
  const n = BigInt(x.length), values = x.map(BigInt);
  const mean = meanHalfEven(values.reduce((a, b) => a + b, 0n), n);
  const d = values.map((v) => v - mean), V = d.reduce((a, b) => a + b * b, 0n);
  let k = 65536n;
  for (let i = 0; i < 10; i++) k = (k + V / k) >> 1n;
  return d.map((v, i) => wrap32(((v * (M31 / k)) >> 1n) + BigInt(bias[i])));
}

export function shiftExp(d: number, x0: number, n: number): bigint {
  const X = BigInt(Math.min(x0, -1)), N = BigInt(n);
  let p = BigInt(d + (d >> 1) - (d >> 4));
  if (p < N * X) p = N * X;
  const q = divideFloor(p, X), t = p - q * X - 2n * X, shift = N - 1n - q;
  return shift >= 0n ? t << (shift > 40n ? 40n : shift) : t >> 1n;
}

export function shiftGelu(x: number[], x0: number): bigint[] {
  const M = Math.max(...x), Em = shiftExp(-M, x0, 23);
  return x.map((v) => {
    const E = shiftExp(v - M, x0, 23), S = E + Em < M31 ? E + Em : M31;
    return BigInt(v) * ((E * (M31 / S)) >> 24n);
  });
}

/** `exponentials` or `x0`; hidden entries by `mask`. */
export function softmaxI8(
  x: number[],
  exponentials: ArrayLike<number> | null,
  x0: number,
  bits: number,
  mask: number[] | null,
): number[] {
  const high = Math.max(-128, ...x.filter((_, j) => !mask?.[j]));
  const E = x.map((v, j) => {
    if (exponentials) return mask?.[j] ? 0n : BigInt(exponentials[high - v] >>> 0);
    const e = mask?.[j] ? -BigInt(Math.min(x0, -1)) : shiftExp(v - high, x0, 15);
    return e > M31 ? M31 : e;
  });
  const S = E.reduce((a, b) => a + b, 0n);
  if (exponentials) {
    const r = S ? (1n << 47n) / S : 0n;
    return E.map((e) => Math.min(32767, Number((e * r + (1n << 31n)) >> 32n)));
  }
  const factor = M31 / (S > M31 ? M31 : S);
  return E.map((e) => Number((e * factor) >> BigInt(32 - bits)));
}

const EXP = [
  0.4999999403953552,
  0.1666652113199234,
  0.04166838899254799,
  0.00836874544620514,
  0.0013814539415761828,
];
const GELU = [
  0.11962930113077164,
  0.12075395882129669,
  0.09991349279880524,
  0.12856163084506989,
  -0.05368364229798317,
  0.20635348558425903,
  -0.1572030782699585,
  0.035674773156642914,
];

function nearestEven(x: number): number {
  const t = Math.floor(x), r = x - t;
  return r < 0.5 || (r === 0.5 && t % 2 === 0) ? t : t + 1;
}

export function expF32(x: number): number {
  if (x < f(-87.33)) return 0;
  const n = nearestEven(f(x * f(1.4426950408889634)));
  const r = f(f(x - f(n * f(0.693359375))) - f(n * f(-0.00021219444170128554)));
  let p = f(EXP[4]);
  for (let k = 3; k >= 0; k--) p = f(f(p * r) + f(EXP[k]));
  return f(f(f(f(p * f(r * r)) + r) + 1) * 2 ** n);
}

export function geluF32(x: number): number {
  const a = Math.abs(x) > 14 ? 14 : Math.abs(x), t = f(1 / f(f(a * f(0.3)) + 1));
  let p = f(GELU[7]);
  for (let k = 6; k >= 0; k--) p = f(f(p * t) + f(GELU[k]));
  return f((x < 0 ? 0 : x) - f(a * f(expF32(f(f(a * -0.5) * a)) * f(p * t))));
}

export function treeSum(x: number[]): number {
  const p = new Float32Array(16);
  x.forEach((v, i) => p[i % 16] = f(p[i % 16] + v));
  for (const h of [8, 4, 2, 1]) for (let i = 0; i < h; i++) p[i] = f(p[i] + p[i + h]);
  return p[0];
}

export function softmaxF32(x: number[]): number[] {
  const high = x.some(Number.isNaN) ? NaN : Math.max(...x);
  if (high === -Infinity) return x.map(() => 0);
  const E = x.map((v) => expF32(f(v - high))), S = treeSum(E);
  return E.map((e) => f(e / S));
}

export function layerNormF32(
  x: number[],
  gamma: number[],
  beta: number[] | null,
  epsilon: number,
): number[] {
  const n = x.length, mean = f(treeSum(x) / n);
  const variance = f(treeSum(x.map((v) => f(f(v - mean) * f(v - mean)))) / n);
  const r = f(1 / f(Math.sqrt(f(variance + f(epsilon)))));
  return x.map((v, i) => {
    const y = f(f(f(v - mean) * r) * gamma[i]);
    return beta ? f(y + beta[i]) : y;
  });
}
