import { silu } from "./float32.ts";
import type { Operands } from "./_operands.ts";

/** Depthwise causal convolution with a window of the last inputs of each session. */
export function shortConvF32(op: Operands): void {
  const { round } = op.arithmetic;
  const [x, weight, state, y] = [op.get("x"), op.get("weight"), op.get("state"), op.get("y")];
  const [offsets, slot, past] = [op.get("offsets"), op.get("slot"), op.get("past")];
  const taps = weight.rows;
  for (let s = 0; s < slot.columns; s++) {
    const first = slot.get(0, s) * taps;
    for (let c = 0; c < x.columns; c++) {
      const window = Array.from(
        { length: taps },
        (_, j) => past.get(0, s) === 0 ? 0 : state.get(first + j, c),
      );
      for (let t = offsets.get(0, s); t < offsets.get(0, s + 1); t++) {
        window.shift();
        window.push(x.get(t, c));
        const products = window.map((value, j) => round(weight.get(j, c) * value));
        const sum = products.reduce((sum, product) => round(sum + product));
        y.set(t, c, silu(sum, op.arithmetic));
      }
      window.forEach((value, j) => state.set(first + j, c, value));
    }
  }
}
