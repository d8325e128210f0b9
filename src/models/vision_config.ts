/** Settings of vision transformers. */

/** What the two families share. */
export interface CommonConfig {
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  readonly channels: number;
  /** Where the config says none, as many as the head has rows. */
  readonly classes: number | undefined;
  /** Added to the variance in the norms of blocks. */
  readonly epsilon: number;
  /** Between the two layers of an MLP: `gelu`, or one of `ACTIVATIONS`. */
  readonly activation: string;
  readonly qkvBias: boolean;
}

/** A DeiT or ViT. */
export interface DeiTConfig extends CommonConfig {
  readonly family: "deit";
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Channels of a head; all heads together need not be as wide as the model. */
  readonly headWidth: number;
  readonly hidden: number;
  /** Whether the layers behind the attention, two of them the MLP's, have biases. */
  readonly projectionBias: boolean;
  /** Rows that stand before the patches, by the name of their tensor, and how many each has. */
  readonly prefix: readonly (readonly [name: string, rows: number])[];
  /** Rows of the position table: all, the patches only, or none. */
  readonly positions: "all" | "patches" | "none";
  /** A norm before the blocks, and then no bias of the patches. */
  readonly preNorm: boolean;
  /** Whether each branch of a block is multiplied by a vector. */
  readonly layerScale: boolean;
  /** The last norm, before the pooling (`norm`) or behind it (`fc_norm`). */
  readonly lastNorm: "norm" | "fc_norm";
  /** What the head reads: the first row; the mean of the patches or of all rows; two rows, a head each. */
  readonly pooling: "token" | "patches" | "all" | "two heads";
}

/** A Swin. */
export interface SwinConfig extends CommonConfig {
  readonly family: "swin";
  /** Channels of each stage. */
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  /** Channels of a head in each stage. */
  readonly headWidths: readonly number[];
  /** Side of the windows in each stage; where the stage is smaller, it is one window. */
  readonly windows: readonly number[];
  /** Channels within the MLPs of each stage. */
  readonly hiddens: readonly number[];
  /** Whether a position table is added to the patches. */
  readonly positions: boolean;
  /** Added to the variance in the norms of patches and merges. */
  readonly mergeEpsilon: number;
}

/** A config of either family. */
export type VisionConfig = DeiTConfig | SwinConfig;
