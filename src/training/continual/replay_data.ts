/** Batches of new latents and old ones. */
import { shuffle } from "../../numeric/shuffle.ts";
import type { TrainingData } from "../training_data.ts";
import { decodeLatents } from "./latent_codes.ts";
import type { Latent } from "./latent_codes.ts";
import { miniBatch } from "./mini_batch.ts";

/** `NEWL`, `OLDL`: streams of random numbers of the orders of new and old latents. */
const NEW_STREAM = 0x4e45574c, OLD_STREAM = 0x4f4c444c;

/** An example as it is kept: what the frozen layers made of it, and its class. */
export interface StoredLatent {
  readonly latent: Latent;
  readonly label: number;
}

/**
 * Data of an experience: each batch has some of the new examples, in another order each epoch, and as many old ones as
 * are left; which, {@linkcode miniBatch} says.
 *
 * @param size Elements of a latent.
 * @param batch Examples of a batch.
 */
export function replayData(
  current: readonly StoredLatent[],
  memory: readonly StoredLatent[],
  { size, batch, seed }: { readonly size: number; readonly batch: number; readonly seed: number },
): TrainingData {
  const parts = miniBatch(current.length, memory.length, batch);
  return {
    count: parts.iterations * batch,
    batch: (examples, place) => {
      const { epoch = 0, first = 0 } = place ?? {};
      const at = first / batch;
      const news = shuffle(current.length, seed, NEW_STREAM, epoch);
      const olds = shuffle(memory.length, seed, OLD_STREAM, epoch);
      const chosen = Array.from(examples, (_, i) => {
        // Without a memory the new ones fill the batch.
        const isNew = i < parts.current || memory.length === 0;
        return isNew
          ? current[news[(at * parts.current + i) % news.length]]
          : memory[olds[(at * parts.replayed + i - parts.current) % olds.length]];
      });
      const x = new Float32Array(examples.length * size);
      chosen.forEach(({ latent }, i) =>
        decodeLatents(latent, x.subarray(i * size, (i + 1) * size))
      );
      return { x, labels: Int32Array.from(chosen, ({ label }) => label) };
    },
  };
}
