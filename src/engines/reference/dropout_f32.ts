import { randomWord } from "../../numeric/random_word.ts";
import type { Operands } from "./_operands.ts";

/** Keeps an element where its random word is at least the threshold. */
export function dropoutF32(op: Operands): void {
  const [x, y, random, mask] = [op.get("x"), op.get("y"), op.get("random"), op.get("mask")];
  const scale = op.scalar("scale")!;
  const word = (index: number): number => random.get(0, index) >>> 0;
  const long = (index: number): number => word(index) + word(index + 1) * 2 ** 32;
  const [seed, step, first] = [long(0), long(2), long(4)];
  const [threshold, stream] = mask.row(0).map((value) => value >>> 0);
  for (let row = 0; row < x.rows; row++) {
    for (let n = 0; n < x.columns; n++) {
      const kept = randomWord(seed, stream, step, first + row * x.columns + n) >= threshold;
      y.set(row, n, kept ? x.get(row, n) * scale : 0);
    }
  }
}
