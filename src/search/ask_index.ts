/** The passages of an index that are closest to a question. */
import { FewbitError } from "../errors.ts";
import { pauseIfDue } from "../event_loop.ts";
import type { EmbeddingModel } from "../pipelines/embedding/embedding_model.ts";
import type { IndexedPassage, PassageIndex } from "./passage_index.ts";
import type { Passage } from "./passages.ts";

/** A passage that was found. */
export interface SearchResult extends Passage {
  /** Absolute path of its file. */
  readonly path: string;
  /** How close it is, from −1 to 1. */
  readonly score: number;
}

/** A passage and how close it is. */
interface Found {
  readonly path: string;
  readonly passage: IndexedPassage;
  readonly score: number;
}

/** Passages that are compared before others may work: less than a millisecond's. */
const SCORED_AT_ONCE = 256;

/**
 * The closest passages, best first. Of passages that share lines only the best one is given.
 *
 * @throws {FewbitError} `invalid_argument` where another model made the index.
 */
export async function askIndex(
  index: PassageIndex,
  question: string,
  embedder: EmbeddingModel,
  options: { readonly top?: number; readonly signal?: AbortSignal } = {},
): Promise<SearchResult[]> {
  const { top = 5, signal } = options;
  checkModel(index, embedder);
  const { rows: [query] } = await embedder.embed(question, {
    format: "int8",
    ...signal && { signal },
    ...embedder.prompts.has("query") && { prompt: "query" },
  });
  const scored: Found[] = [];
  for (const { path, passages } of index.files) {
    for (const passage of passages) {
      scored.push({ path, passage, score: embedder.similarity(query, passage.row) });
      if (scored.length % SCORED_AT_ONCE !== 0) continue;
      await pauseIfDue(signal);
    }
  }
  scored.sort((a, b) => b.score - a.score);
  const best: Found[] = [];
  for (const found of scored) {
    if (best.length === top) break;
    const repeats = best.some(({ path, passage }) =>
      path === found.path && passage.firstLine <= found.passage.lastLine &&
      found.passage.firstLine <= passage.lastLine
    );
    if (!repeats) best.push(found);
  }
  return best.map(({ path, score, passage: { firstLine, lastLine, text } }) => ({
    path,
    firstLine,
    lastLine,
    score,
    text,
  }));
}

/** Refuses a model that did not make the index. */
export function checkModel({ model }: PassageIndex, embedder: EmbeddingModel): void {
  if (model.id === embedder.id) return;
  throw new FewbitError(
    "invalid_argument",
    `Cannot search: the index was made by ${model.name} (${model.id}), ` +
      `the model is ${embedder.name} (${embedder.id})`,
  );
}
