import { expectInteger, expectOneOf } from "../attribute.ts";
import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/** Columns of a group of 4-bit weights; where there is one group, it does not matter. */
export const GROUPS: readonly number[] = [16, 32, 64, 128];

/**
 * A linear layer of integer language models with its requantisation by one shift: `x·weightᵀ + bias`, times
 * `multiplier [N]`, to `bits` bits, codes with a `zeroPoint` (`[1]` or `[N]`), or a residual within a
 * limit, to which `identity` is added. Weights `[N, K]` are codes of 8 bits (i8), or of 4 (u8) with zero
 * points and maybe factors `[N, G]` of `group` columns. `wide` codes have 16 bits of memory at least.
 */
export const linearShifted: IntegerOp<
  "LinearShifted",
  | "x"
  | "weight"
  | "zero?"
  | "factor?"
  | "bias?"
  | "multiplier"
  | "shift"
  | "zeroPoint?"
  | "identity?"
  | "limit?",
  { bits: number; group?: number; wide?: boolean }
> = {
  name: "LinearShifted",
  integer: true,
  inputs: [
    "x",
    "weight",
    "zero?",
    "factor?",
    "bias?",
    "multiplier",
    "shift",
    "zeroPoint?",
    "identity?",
    "limit?",
  ],
  rowLocal: ["x", "identity"],
  infer(inputs, { bits, group = 64, wide = false }) {
    const { x, weight, zero, factor, bias, multiplier, shift, zeroPoint, identity, limit } = inputs;
    expectInteger(bits, 2, "LinearShifted: bits");
    expectOneOf(group, GROUPS, "LinearShifted: group");
    expectDtype(x, ["i8", "i16"], "LinearShifted");
    expectDtype(weight, [zero === undefined ? "i8" : "u8"], "LinearShifted");
    for (const value of [zero, factor]) value && expectDtype(value, ["u8"], "LinearShifted");
    for (const value of [bias, multiplier, shift, zeroPoint, identity, limit]) {
      value && expectDtype(value, ["i32"], "LinearShifted");
    }
    const [n, k] = weight.shape;
    const y = [...x.shape.slice(0, -1), n];
    const fits = weight.shape.length === 2 && same(x.shape[x.shape.length - 1], k) &&
      sameShape(multiplier.shape, [n]) && sameShape(shift.shape, [1]) &&
      (bias === undefined || sameShape(bias.shape, [n])) &&
      (zero === undefined || zero.shape.length === 2 && same(zero.shape[0], n)) &&
      (factor === undefined || zero !== undefined && sameShape(factor.shape, zero.shape)) &&
      (zeroPoint === undefined || sameShape(zeroPoint.shape, [n]) ||
        sameShape(zeroPoint.shape, [1])) &&
      (identity === undefined || limit !== undefined && sameShape(identity.shape, y)) &&
      (limit === undefined || sameShape(limit.shape, [1]));
    expectShape(fits, "LinearShifted", Object.values(inputs));
    return { y: { dtype: bits > 16 ? "i32" : bits > 8 || wide ? "i16" : "i8", shape: y } };
  },
};
