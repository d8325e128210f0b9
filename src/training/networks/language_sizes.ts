/** Sizes of language models that are trained here. */

/** Sizes of a small language model. */
export interface LanguageSizes {
  /** Pieces of the vocabulary. */
  readonly vocabulary: number;
  /** Channels. */
  readonly width: number;
  /** Layers. */
  readonly depth: number;
  /** Channels between the linear layers of an MLP. */
  readonly hidden: number;
}

/** Uniform numbers up to it have the deviation 0.02 that both families begin with. */
export const INITIAL_BOUND: number = 0.02 * Math.sqrt(3);

/** Channels of a head of attention. */
export const HEAD_SIZE = 32;
