import { cosineAndSine } from "../../numeric/phase.ts";
import type { Operands } from "./_operands.ts";
import { sequencesOf } from "./_sequences.ts";

/** Cosines and sines of positions times frequencies. */
export function rotaryAnglesF32(op: Operands): void {
  const [frequency, past, y] = [op.get("frequency"), op.get("past"), op.get("y")];
  sequencesOf(op).forEach(([first, end], s) => {
    for (let t = first; t < end; t++) {
      const position = past.get(0, s) + t - first;
      for (let i = 0; i < frequency.columns; i++) {
        cosineAndSine(Math.imul(position, frequency.get(0, i))).forEach((value, row) =>
          y.set(2 * t + row, i, value)
        );
      }
    }
  });
}
