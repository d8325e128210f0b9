import { expectDtype, expectShape, same, sameShape } from "../extent.ts";
import type { Op } from "../op.ts";

/**
 * The recurrence of HGRN over the tokens of a ragged batch: candidates u, forget gates z (before σ),
 * maybe a lower bound of the gates; bounds, sessions and past of the sequences; the state
 * `[sessions, C]`, which is updated.
 */
export const hgrnScan: Op<
  "HgrnScan",
  "u" | "z" | "lowerBound?" | "offsets" | "slot" | "past" | "state"
> = {
  name: "HgrnScan",
  inputs: ["u", "z", "lowerBound?", "offsets", "slot", "past", "state"],
  writes: ["state"],
  infer({ u, z, lowerBound, offsets, slot, past, state }) {
    const inputs = [u, z, lowerBound, offsets, slot, past, state];
    for (const value of [u, z, state]) expectDtype(value, ["f32"], "HgrnScan");
    for (const value of [offsets, slot, past]) expectDtype(value, ["i32"], "HgrnScan");
    const columns = u.shape.slice(-1);
    const fits = u.shape.length === 2 && sameShape(z.shape, u.shape) &&
      (lowerBound === undefined || sameShape(lowerBound.shape, columns)) &&
      slot.shape.length === 1 && sameShape(past.shape, slot.shape) &&
      state.shape.length === 2 && same(state.shape[1], columns[0]);
    expectShape(fits, "HgrnScan", inputs);
    return { y: { dtype: "f32", shape: u.shape } };
  },
};
