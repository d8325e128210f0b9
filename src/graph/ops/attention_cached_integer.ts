import { expectInteger } from "../attribute.ts";
import { expectDtype, expectShape, fixed, same, sameShape } from "../extent.ts";
import type { IntegerOp } from "../op.ts";

/**
 * `AttentionCached` on int8 codes: `attention_cached_i8` after its rows were appended. `prefix` has the rows
 * of keys and of values `[2, P, K]` that come before all texts; with a window, `qPinned` is q as it turns at
 * the window's edge, and `keyZero` the codes of 0 of the keys.
 */
export const attentionCachedInteger: IntegerOp<
  "AttentionCachedInteger",
  | "q"
  | "k"
  | "v"
  | "offsets"
  | "slot"
  | "past"
  | "keys"
  | "values"
  | "prefix?"
  | "qPinned?"
  | "keyZero?"
  | "exponentials"
  | "rate"
  | "valueZero"
  | "multiplier"
  | "shift"
  | "zeroPoint",
  { kvHeads: number; window: number }
> = {
  name: "AttentionCachedInteger",
  integer: true,
  inputs: [
    "q",
    "k",
    "v",
    "offsets",
    "slot",
    "past",
    "keys",
    "values",
    "prefix?",
    "qPinned?",
    "keyZero?",
    "exponentials",
    "rate",
    "valueZero",
    "multiplier",
    "shift",
    "zeroPoint",
  ],
  writes: ["keys", "values"],
  infer(inputs, { kvHeads, window }) {
    const { q, k, v, offsets, slot, past, keys, values, prefix, qPinned, keyZero } = inputs;
    const { exponentials, rate, valueZero, multiplier, shift, zeroPoint } = inputs;
    expectInteger(kvHeads, 1, "AttentionCachedInteger: kvHeads");
    expectInteger(window, 0, "AttentionCachedInteger: window");
    for (const value of [q, k, v, keys, values, prefix, qPinned, valueZero]) {
      value && expectDtype(value, ["i8"], "AttentionCachedInteger");
    }
    const integers = [offsets, slot, past, exponentials, rate, multiplier, shift];
    for (const value of [...integers, zeroPoint, keyZero]) {
      value && expectDtype(value, ["i32"], "AttentionCachedInteger");
    }
    const heads = fixed(q.shape[1], "channels") * kvHeads / fixed(k.shape[1], "channels");
    const fits = q.shape.length === 2 && k.shape.length === 2 && sameShape(k.shape, v.shape) &&
      same(k.shape[0], q.shape[0]) && sameShape(past.shape, slot.shape) &&
      keys.shape.length === 3 && sameShape(keys.shape, values.shape) &&
      same(keys.shape[2], k.shape[1]) && fixed(k.shape[1], "channels") % kvHeads === 0 &&
      Number.isInteger(heads / kvHeads) &&
      [rate, multiplier].every(({ shape }) => sameShape(shape, [kvHeads, heads / kvHeads])) &&
      sameShape(valueZero.shape, [kvHeads]) && sameShape(exponentials.shape, [4096]) &&
      (prefix === undefined || prefix.shape.length === 3 && prefix.shape[0] === 2 &&
          same(prefix.shape[2], k.shape[1])) &&
      (qPinned === undefined) === (keyZero === undefined) &&
      (qPinned === undefined || prefix !== undefined && sameShape(qPinned.shape, q.shape));
    expectShape(fits, "AttentionCachedInteger", Object.values(inputs));
    return { y: { dtype: "i8", shape: q.shape } };
  },
};
