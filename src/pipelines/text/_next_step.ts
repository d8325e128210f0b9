/** How the next id of an answer is chosen. */
import type { Generation, GenerationStep } from "../../text/generation.ts";
import type { TokenConstraint } from "../../text/token_constraint.ts";
import type { BatchModel } from "./batch_model.ts";

/** Who has a say in it. */
export interface Choosers {
  /** Where the program draws ids itself. */
  readonly sampler?: BatchModel["sampler"];
  /** Which ids may come next. */
  readonly constraint?: TokenConstraint | undefined;
}

/** Chooses the next id by the logits behind the last one. */
export async function nextStep(
  generation: Generation,
  logits: Float32Array,
  { sampler, constraint }: Choosers,
): Promise<GenerationStep> {
  const allowed = await constraint?.allowed();
  const { draw } = generation;
  const drawn = sampler && draw && await sampler.draw(logits, draw, allowed);
  const step = generation.step(logits, drawn, allowed);
  constraint?.accept(step.id);
  return step;
}
