import { aboveLeast, onePlusExp, sigmoid } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** The recurrence of HGRN, token after token. */
export function hgrnScanF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [u, z, state, y] = [op.get("u"), op.get("z"), op.get("state"), op.get("y")];
  const [offsets, slot, past] = [op.get("offsets"), op.get("slot"), op.get("past")];
  const lowerBound = op.optional("lower_bound");
  for (let s = 0; s < slot.columns; s++) {
    const at = slot.get(0, s);
    for (let c = 0; c < u.columns; c++) {
      const bound = lowerBound?.get(0, c);
      let sum = past.get(0, s) === 0 ? 0 : state.get(at, c);
      for (let t = offsets.get(0, s); t < offsets.get(0, s + 1); t++) {
        let f = sigmoid(z.get(t, c), op.arithmetic);
        if (bound !== undefined) f = round(bound + round(round(1 - bound) * f));
        const input = aboveLeast(u.get(t, c));
        const candidate = round(round(input * round(1 - f)) / onePlusExp(input, op.arithmetic));
        sum = round(round(f * sum) + candidate);
        y.set(t, c, sum);
      }
      state.set(at, c, sum);
    }
  }
}
