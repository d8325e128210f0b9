import { philox4x32 } from "./philox.ts";

/**
 * The random 32-bit word of an element: word `element mod 4` of the Philox4x32-10 block with key seed and counter
 * (⌊element/4⌋, stream, step). Whoever asks for it, in whatever order, gets the same.
 *
 * @param seed From 0 to 2^53 − 1.
 * @param stream Which of the users of random numbers it is for, below 2^32.
 * @param step From 0 to 2^53 − 1.
 * @param element Below 2^34.
 */
export function randomWord(seed: number, stream: number, step: number, element: number): number {
  const block = philox4x32(
    [Math.floor(element / 4) >>> 0, stream >>> 0, low(step), high(step)],
    [low(seed), high(seed)],
  );
  return block[element % 4];
}

/** The lower 32 bits of an integer. */
export function low(x: number): number {
  return x >>> 0;
}

/** What an integer has above its lower 32 bits. */
export function high(x: number): number {
  return Math.floor(x / 2 ** 32) >>> 0;
}
