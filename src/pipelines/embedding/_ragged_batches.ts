/** Texts of many lengths as ragged batches. */

/** Texts that are computed at once: their places in the list, and where each ends. */
export interface RaggedBatch {
  /** Places of the texts. */
  readonly texts: readonly number[];
  /** Bounds of the texts: `offsets[s]` to `offsets[s + 1]`. */
  readonly offsets: Int32Array;
}

/**
 * Puts texts, by length, into batches of at most `maxTokens` tokens and `maxTexts` texts. No text is
 * longer than `maxTokens`.
 */
export function raggedBatches(
  lengths: readonly number[],
  maxTokens: number,
  maxTexts: number,
): RaggedBatch[] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: RaggedBatch[] = [];
  for (let first = 0; first < order.length;) {
    let [end, tokens] = [first, 0];
    while (
      end < order.length && end - first < maxTexts && tokens + lengths[order[end]] <= maxTokens
    ) tokens += lengths[order[end++]];
    const texts = order.slice(first, end);
    const offsets = new Int32Array(texts.length + 1);
    texts.forEach((text, s) => offsets[s + 1] = offsets[s] + lengths[text]);
    batches.push({ texts, offsets });
    first = end;
  }
  return batches;
}
