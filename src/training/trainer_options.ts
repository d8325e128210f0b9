/** What a trainer takes and tells. */
import type { TrainingSettings } from "./training_graph.ts";

/** How a network is trained, and in how much memory. */
export interface TrainerSettings extends TrainingSettings {
  /**
   * Most bytes that the trainer may take. What does not fit is computed again where it is needed: a step takes longer, and has
   * the same bits. Default: as many as it takes.
   */
  readonly memoryLimitBytes?: number;
}

/** What a step was like. */
export interface TrainingStep {
  /** Steps so far, this one among them. */
  readonly step: number;
  /** The epoch, from 0 on. */
  readonly epoch: number;
  /** The loss before the update. */
  readonly loss: number;
  /** The learning rate. */
  readonly rate: number;
  /** What the loss was multiplied with for gradients in float16. */
  readonly scale?: number;
  /** Whether gradients were not finite, so that nothing was updated: it is no step. */
  readonly skipped?: true;
}

/** Options of {@linkcode Trainer.fit}. */
export interface FitOptions {
  /** How often all examples are gone through, those of a restored checkpoint among them. Default 1. */
  readonly epochs?: number;
  /** Batches that are asked for before they are needed, where reading takes time. Default 0. */
  readonly prefetch?: number;
  /** Stops between two steps with its reason. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode Trainer.save}. */
export interface SaveOptions {
  /** Strings that stand in the file beside what it says itself. */
  readonly metadata?: Readonly<Record<string, string>>;
}
