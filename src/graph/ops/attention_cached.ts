import { expectInteger, expectNumber } from "../attribute.ts";
import { expectDtype, expectShape, fixed, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * Causal attention of a ragged batch with what its sessions have had: the rows of k and v `[T, K]` are
 * appended to `keys` and `values` `[sessions, context, K]`, which are updated; then each token sees the
 * rows up to its own: `softmax(scale·q·kᵀ)·v`. K is `kvHeads` heads, each of which is read by as many
 * heads of q `[T, C]` as C has more of them. With a `window` a token sees the last so many rows only.
 */
export const attentionCached: Op<
  "AttentionCached",
  "q" | "k" | "v" | "offsets" | "slot" | "past" | "keys" | "values",
  { kvHeads: number; scale: number; window?: number }
> = {
  name: "AttentionCached",
  inputs: ["q", "k", "v", "offsets", "slot", "past", "keys", "values"],
  writes: ["keys", "values"],
  infer({ q, k, v, offsets, slot, past, keys, values }, { kvHeads, scale, window = 0 }) {
    expectInteger(kvHeads, 1, "AttentionCached: kvHeads");
    expectNumber(scale, "AttentionCached: scale");
    expectInteger(window, 0, "AttentionCached: window");
    for (const value of [q, k, v, keys, values]) expectDtype(value, ["f32"], "AttentionCached");
    for (const value of [offsets, slot, past]) expectDtype(value, ["i32"], "AttentionCached");
    const fits = q.shape.length === 2 && k.shape.length === 2 && sameShape(k.shape, v.shape) &&
      same(k.shape[0], q.shape[0]) && sameShape(past.shape, slot.shape) &&
      keys.shape.length === 3 && sameShape(keys.shape, values.shape) &&
      same(keys.shape[2], k.shape[1]) && fixed(k.shape[1], "channels") % kvHeads === 0 &&
      fixed(q.shape[1], "channels") % fixed(k.shape[1], "channels") === 0;
    expectShape(fits, "AttentionCached", [q, k, v, offsets, slot, past, keys, values]);
    return { y: { dtype: "f32", shape: q.shape } };
  },
};
