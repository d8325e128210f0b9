import * as ops from "../../src/graph/ops/mod.ts";
import type { Value } from "../../src/graph/graph.ts";
import { Net } from "./_check.ts";

export const [ROWS, COLUMNS] = [3, 16];

/** Type of the results of a requantisation. */
export type To = "i8" | "i16" | "i32";

/** Integer nodes on x `[3, 16]`. */
export class IntegerNet extends Net {
  readonly x = this.input("x", "i8", ROWS, COLUMNS);

  linear(x = this.x): Value {
    const weight = this.constant("i8", COLUMNS, COLUMNS);
    const bias = this.constant("i32", COLUMNS);
    return this.graph.apply(ops.linearInteger, { x, weight, bias }, { weightBits: 8 });
  }

  /** With an identity, a zero point, or multipliers by column. */
  requantize(
    x: Value,
    to: To,
    more: { identity?: Value; zeroPoint?: boolean; columns?: number } = {},
  ): Value {
    const { identity, zeroPoint, columns = 1 } = more;
    const one = Array(columns).fill(2 ** 30);
    return this.graph.apply(ops.requantize, {
      x,
      multiplier: this.given("i32", ...one.map((m, i) => m + 977 * i)),
      shift: this.given("i32", ...one.map(() => x.dtype === "i8" ? 31 : to === "i8" ? 40 : 34)),
      identity,
      // ¾, so that every fourth code is a tie.
      identityMultiplier: identity && this.given("i32", 3 * 2 ** 28),
      identityShift: identity && this.given("i32", 30),
      zeroPoint: zeroPoint ? this.given("i32", 3) : undefined,
    }, { to });
  }

  /** Something of the shape of x. */
  residual(dtype: "i8" | "i16" = "i8"): Value {
    return this.input("z", dtype, ROWS, COLUMNS);
  }

  norm(x: Value): Value {
    return this.graph.apply(ops.layerNormInteger, { x, bias: this.constant("i32", COLUMNS) });
  }

  dequantize(x: Value): Value {
    return this.graph.apply(ops.dequantizeLinear, { x, scale: this.given("f32", 2 ** -20) });
  }

  lookup(x: Value, dtype: "i8" | "i16" = "i8", tables = 1): Value {
    return this.graph.apply(ops.lookup, { x, table: this.constant(dtype, tables, 256) });
  }
}
