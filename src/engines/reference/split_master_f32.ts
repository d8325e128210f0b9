import { highHalf, lowHalf } from "../../numeric/split_master.ts";
import type { Operands } from "./_operands.ts";

/** What every NaN is stored as: which bits an operation gives one differs from host to host. */
const CANONICAL_NAN = 0x7fc00000;

/** Upper half and what is left. */
export function splitMasterF32(op: Operands): void {
  const [x, high, low] = [op.get("x").bits(), op.get("high"), op.get("low")];
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) {
      const given = x.get(row, k) >>> 0;
      const bits = (given & 0x7fffffff) > 0x7f800000 ? CANONICAL_NAN : given;
      high.set(row, k, highHalf(bits));
      low.set(row, k, lowHalf(bits));
    }
  }
}
