/** The passages of an index that are closest to a question. */
import { FewbitError } from "../errors.ts";
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
  const scored = index.files.flatMap(({ path, passages }) =>
    passages.map((passage) => ({
      path,
      passage,
      score: embedder.similarity(query, passage.row),
    }))
  ).sort((a, b) => b.score - a.score);
  const best: { path: string; passage: IndexedPassage; score: number }[] = [];
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
