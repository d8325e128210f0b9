/** Which sequences the next run reads, and how much of each. */

/** A sequence that has something to read. */
export interface Pickable {
  /** Ids that the network has not read. */
  readonly pending: { readonly length: number };
  /** Whether these are of a prompt. */
  readonly readsPrompt: boolean;
}

/** What a run has room for. */
export interface BatchLimits {
  readonly sequences: number;
  readonly tokens: number;
  /** Tokens of prompts together: a long prompt keeps the others waiting for so many at a time. */
  readonly promptTokens: number;
}

/**
 * Takes sequences in their order, which is that of their last turns: whoever found no room is the first next
 * time, so that of n sequences each has its turn in the next n runs. A prompt may get a part of its ids.
 */
export function pickBatch<T extends Pickable>(
  order: readonly T[],
  limits: BatchLimits,
): { readonly sequence: T; readonly count: number }[] {
  const picked: { readonly sequence: T; readonly count: number }[] = [];
  let { tokens, promptTokens } = limits;
  for (const sequence of order) {
    if (picked.length === limits.sequences) break;
    const { pending, readsPrompt } = sequence;
    const count = Math.min(pending.length, tokens, readsPrompt ? promptTokens : 1);
    if (count === 0 && pending.length > 0) continue;
    picked.push({ sequence, count });
    tokens -= count;
    if (readsPrompt) promptTokens -= count;
  }
  return picked;
}
