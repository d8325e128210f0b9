import { requantize } from "../../numeric/requantize.ts";
import type { Operands } from "./_operands.ts";
import { perColumn, saturate } from "./_requantize.ts";

/**
 * Writes a row's accumulators, bias added, as `src/instructions/_shifted.ts` says.
 *
 * @param acc i32 of column n, without the bias.
 */
export function finishRow(op: Operands, row: number, acc: (n: number) => number): void {
  const y = op.get("y");
  const [bias, zeroPoint, identity] = ["bias", "zero_point", "identity"].map((name) =>
    op.optional(name)
  );
  const [multiplier, shift] = [op.get("multiplier"), op.scalar("shift")!];
  const limit = op.scalar("limit");
  const bits = BigInt(op.attribute("bits"));
  const high = limit === undefined ? 2n ** (bits - 1n) - 1n : BigInt(Math.max(0, limit));
  const low = limit === undefined ? -high - 1n : -high;
  for (let n = 0; n < y.columns; n++) {
    const z = acc(n) + (bias?.get(0, n) ?? 0) | 0;
    const rounded = BigInt(saturate(requantize(z, perColumn(multiplier, n), shift), "i32"));
    const added = zeroPoint === undefined ? identity?.get(row, n) : perColumn(zeroPoint, n);
    const sum = rounded + BigInt(added ?? 0);
    y.set(row, n, saturate(sum < low ? low : sum > high ? high : sum, y.dtype));
  }
}
