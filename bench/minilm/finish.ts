/** The end of a measured process: what it took, and its embedding, on the standard output. */
import { peakBytes } from "../cold/finish.ts";

/** What a process says of itself. */
export interface FirstEmbedding {
  /** From before the library was imported until the embedding was there. */
  readonly ms: number;
  /** Largest resident set of the process. */
  readonly peakBytes: number;
  readonly embedding: readonly number[];
}

/** Reports a process that began at `start`. */
export function finish(start: number, embedding: Float32Array): void {
  const ms = performance.now() - start;
  const report: FirstEmbedding = { ms, peakBytes: peakBytes(), embedding: Array.from(embedding) };
  console.log(JSON.stringify(report));
}
