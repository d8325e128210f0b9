import type { Operands } from "./_operands.ts";
import { saturate } from "./_requantize.ts";

/** `⌊√x⌋` by Newton's iteration from above. */
function squareRoot(x: bigint): bigint {
  let root = 1n << 32n;
  while (true) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * `1/√S = f·2^(k−61)`.
 *
 * @param S 1 … 2^62 − 1.
 */
export function inverseRoot(S: bigint): { f: bigint; k: number } {
  const k = 62 - S.toString(2).length >> 1;
  const f = (1n << 61n) / squareRoot(S << BigInt(2 * k));
  return { f: f < 2n ** 31n ? f : 2n ** 31n - 1n, k };
}

/** `⌊x / 2^e + ½⌋`. */
function shiftUp(x: bigint, e: number): bigint {
  return (x + (1n << BigInt(e - 1))) >> BigInt(e);
}

/** RMSNorm in integers, row by row. */
export function rmsNormI32(op: Operands): void {
  const [x, gain, y] = [op.get("x"), op.get("gain"), op.get("y")];
  const [epsilon, zeroPoint] = [BigInt(op.scalar("epsilon")!), BigInt(op.scalar("zero_point")!)];
  const shift = Math.max(1, Math.min(62, 24 + op.scalar("shift")!));
  const high = 2n ** BigInt(op.attribute("bits") - 1) - 1n;
  for (let row = 0; row < x.rows; row++) {
    const values = x.row(row).map(BigInt);
    const squares = values.reduce((sum, v) => sum + v * v, epsilon);
    const { f, k } = inverseRoot(BigInt.asUintN(62, squares) || 1n);
    values.forEach((v, c) => {
      const t = BigInt.asIntN(32, shiftUp(v * f, 37 - k));
      const scaled = saturate(shiftUp(t * BigInt(gain.get(0, c)), shift), "i32");
      const code = BigInt(scaled) + zeroPoint;
      y.set(row, c, saturate(code < ~high ? ~high : code > high ? high : code, y.dtype));
    });
  }
}
