/** What stands for all that work on a language model follows from: work on something else is not gone on with. */
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { sha256 } from "../files/sha256.ts";
import { writeDecoderParams } from "../quantize/decoder_params.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { bytesOf } from "../tensor.ts";
import type { Choice } from "./_choose_parameters.ts";
import type { Stage } from "./_learn_stage.ts";

/** What is to be done. */
export interface Work {
  readonly bits: LanguageBits;
  readonly method: Choice["method"];
  readonly rotate: "auto" | "yes" | "no";
  readonly stages?: readonly Stage[];
}

/**
 * The digest of a checkpoint, what is to be done, and what it is done by. All weights are in it, also what adapters add:
 * a model that was fine-tuned may differ in a few layers from the one that it comes from.
 */
export async function workKey(
  { config, weights }: TextCheckpoint,
  { bits, method, rotate, stages = [] }: Work,
  source: Choice | DecoderParams | undefined,
): Promise<string> {
  const text = source !== undefined && "grids" in source
    ? writeDecoderParams(source)
    : JSON.stringify([source?.prefix, source?.windows, source?.down, source?.sites]);
  const sums: string[] = [];
  for (const [name, tensor] of weights) sums.push(name, await sha256(bytesOf(tensor.read().data)));
  const all = JSON.stringify([bits, method, rotate, stages, config, sums, text]);
  return await sha256(new TextEncoder().encode(all));
}
