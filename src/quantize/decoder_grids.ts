/** Grids of a language model with attention: all that its integers need beside its weights. */

/** Bits of what the last layer of an MLP reads. */
export type DownBits = 8 | 12;

/** A grid with scales that are known. */
export interface DecoderGrid {
  /** One scale, or one for each head or channel, float32. */
  readonly scales: Float32Array;
  /** The code of 0, as many; of keys it need not be a code. */
  readonly zeros: Int32Array;
  /** Of `down`, and of the gate where it has 8. Default: those of the table below. */
  readonly bits?: 8 | 12;
  /** What each channel is divided by before, at least 1: columns of the next weights take it up. */
  readonly divisors?: Float32Array;
}

/** Tokens that come before all texts: the float network has read them. */
export interface DecoderPrefix {
  /** Their ids. */
  readonly ids: readonly number[];
  /** Codes of their rows of the sites `layers.N.k` and `layers.N.v`, `[ids, channels]`. */
  readonly rows: ReadonlyMap<string, Int8Array>;
  /** Logits behind the last one, with 12 fractional bits. */
  readonly logits: Int32Array;
}

/**
 * A rotation of the residual by `R = H·diag(signs) / √C` (`src/instructions/_hadamard.ts`) that the weights
 * of the layers take up, and of each head's values by H. Channels that are larger than others are spread.
 */
export interface DecoderRotation {
  /** ±1 for each channel of the residual. */
  readonly signs: Int8Array;
}

/**
 * Where the real values of a Llama lie on integers. Grids by site: `norm` and for layer N, behind
 * `layers.N.`,
 *
 * | site                               | grid                                                           |
 * | ---------------------------------- | -------------------------------------------------------------- |
 * | `norm1` `norm2` `context` `down`   | 8 bits, a scale and a code of 0; `norm1`, `norm2`, `down` divided; `down` maybe 12 |
 * | `q`                                | 8 bits, a scale a head, of q times the scales of k             |
 * | `k`                                | 8 bits, a scale a pair that turns together, a code of 0 a channel |
 * | `v`                                | 8 bits, a scale and a code of 0 for each head of the cache     |
 * | `gate`                             | 12 bits, a scale and a code of 0                               |
 * | `up`                               | 16 bits                                                        |
 * | `norm`                             | 14 bits                                                        |
 *
 * With the paper's sites q, k and v have one scale, the gate 8 bits, and there are four more of 8 bits: `q_output`,
 * `k_output`, `up_output` and `silu`.
 */
export interface DecoderGrids {
  /** Fractional bits of the residual, 0 … 16. */
  readonly residualBits: number;
  /** By site. */
  readonly grids: ReadonlyMap<string, DecoderGrid>;
  /** What comes before all texts. */
  readonly prefix: DecoderPrefix;
  /** With one the grids are those of the rotated network, and `norm` is that behind the way back. */
  readonly rotation?: DecoderRotation;
  /** What is added to the sums of the rows of a layer, by its name. Default: nothing. */
  readonly biases?: ReadonlyMap<string, Int32Array>;
  /** What the rows of a layer are multiplied with, by its name; they were learned. Default: 1. */
  readonly rowFactors?: ReadonlyMap<string, Float32Array>;
  /** What the channels of a norm are multiplied with, by its site; they were learned. Default: 1. */
  readonly gains?: ReadonlyMap<string, Float32Array>;
}

/** Learned factors are multiples of this: files keep them in 16 bits. */
export const LEARNED_STEP: number = 2 ** -13;

/** Most of the residual: `|r| ≤ √((2^62 − 1 − epsilon) / width)` keeps the sum of squares below 2^62. */
export function residualLimits(
  width: number,
  epsilon: number,
  fractionalBits: number,
): { readonly epsilon: number; readonly limit: number } {
  const integer = Math.max(1, Math.round(width * epsilon * 4 ** fractionalBits));
  const most = (2n ** 62n - 1n - BigInt(integer)) / BigInt(width);
  return { epsilon: integer, limit: Number(squareRoot(most)) };
}

/** `⌊√x⌋`. */
function squareRoot(x: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(x))));
  while (root * root > x) root--;
  while ((root + 1n) * (root + 1n) <= x) root++;
  return root;
}
