import { randomWord } from "./random_word.ts";

/**
 * A permutation of 0 … count − 1 (Fisher–Yates, from the last place down): place i changes with
 * `⌊word(count − 1 − i)·(i + 1) / 2^32⌋`.
 */
export function shuffle(count: number, seed: number, stream: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const word = randomWord(seed, stream, epoch, count - 1 - i);
    const j = Number(BigInt(word) * BigInt(i + 1) >> 32n);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
