/** Writes files of llama2.c in the simplest way. */
import { join, littleEndian, utf8 } from "./_join.ts";

/** A model file: the numbers of its header, its floats, bytes behind them. */
export function llama2cFile(
  header: readonly number[],
  floats: ArrayLike<number>,
  ...behind: number[]
): Uint8Array<ArrayBuffer> {
  const sizes = header.flatMap((size) => littleEndian(size >>> 0, 4));
  return join(sizes, new Uint8Array(Float32Array.from(floats).buffer), behind);
}

/** A vocabulary file. */
export function llama2cVocabulary(
  pieces: readonly (readonly [text: string, score: number])[],
): Uint8Array<ArrayBuffer> {
  return join(
    littleEndian(Math.max(...pieces.map(([text]) => utf8(text).length)), 4),
    ...pieces.map(([text, score]) => {
      const bytes = utf8(text);
      const bits = new Uint8Array(Float32Array.of(score).buffer);
      return join(bits, littleEndian(bytes.length, 4), bytes);
    }),
  );
}
