import { randomWord } from "../../numeric/random_word.ts";
import { stochasticHalf } from "../../numeric/stochastic.ts";
import type { HalfType } from "../../numeric/half.ts";
import type { Operands } from "./_operands.ts";

/** One of the two neighbours. */
export function roundStochasticF32(op: Operands): void {
  const [x, y, random] = [op.get("x"), op.get("y"), op.get("random").row(0)];
  const [seed, step, first] = [0, 2, 4].map((i) =>
    (random[i] >>> 0) + (random[i + 1] >>> 0) * 2 ** 32
  );
  const stream = op.scalar("stream")! >>> 0;
  for (let row = 0; row < x.rows; row++) {
    for (let k = 0; k < x.columns; k++) {
      const word = randomWord(seed, stream, step, first + row * x.columns + k);
      y.set(row, k, stochasticHalf(y.dtype as HalfType, x.get(row, k), word));
    }
  }
}
