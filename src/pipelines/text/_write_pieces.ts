/** The loop of an answer: logits to ids, ids to pieces of text. */
import type { Generation, GenerationStep } from "../../text/generation.ts";
import { nextStep } from "./_next_step.ts";
import type { Choosers } from "./_next_step.ts";
import { textPiece } from "./text_piece.ts";
import type { TextPiece, Usage } from "./text_piece.ts";

/** Whom an answer is written for. */
export interface Writing extends Choosers {
  /** Whether ids have a text; else each is a piece. */
  readonly hasText: boolean;
  /** What is known when the prompt has been read. */
  readonly usage: Omit<Usage, "completionTokens" | "completionMs">;
  /** Told each id when it is chosen. */
  readonly chose: (id: number) => void;
  /** Reads it; gives the logits behind it. */
  readonly read: () => Promise<Float32Array>;
}

/**
 * Writes on.
 *
 * @param logits Behind the prompt.
 */
export async function* writePieces(
  generation: Generation,
  logits: Float32Array,
  { hasText, usage, chose, read, ...choosers }: Writing,
): AsyncGenerator<TextPiece, void, undefined> {
  const start = performance.now();
  let steps: GenerationStep[] = [];
  for (let completionTokens = 1;; completionTokens++) {
    const step = await nextStep(generation, logits, choosers);
    chose(step.id);
    steps.push(step);
    if (step.finishReason !== undefined) {
      yield textPiece(steps, {
        ...usage,
        completionTokens,
        completionMs: performance.now() - start,
      });
      return;
    }
    if (step.text !== "" || !hasText) {
      yield textPiece(steps);
      steps = [];
    }
    logits = await read();
  }
}
