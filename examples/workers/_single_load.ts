/** An embedder that is loaded once, with the first request. */
import { loadEmbedder } from "../../src/embedder.ts";
import type { EmbeddingModel, ProgramSource } from "../../src/embedder.ts";
import type { HandlerOptions } from "./embeddings_api.ts";

/** Name of the model that these servers have. */
export const MODEL = "all-MiniLM-L6-v2";

/** An embedder, and what is known of it. */
export interface SingleLoad {
  /** The embedder. All who ask while it is being loaded wait for one loading; after a failure it is tried again. */
  get(open: () => Promise<ProgramSource>): Promise<EmbeddingModel>;
  /** Settings of the handler. */
  readonly options: HandlerOptions;
}

/** Begins with nothing loaded. */
export function singleLoad(): SingleLoad {
  let loading: Promise<EmbeddingModel> | undefined;
  let loaded: EmbeddingModel | undefined;
  let loadMs: number | undefined;
  const start = async (open: () => Promise<ProgramSource>): Promise<EmbeddingModel> => {
    const begin = performance.now();
    try {
      loaded = await loadEmbedder(await open());
      loadMs = Math.round(performance.now() - begin);
      return loaded;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  return {
    get: (open) => loading ??= start(open),
    options: {
      model: MODEL,
      health: () => ({
        loaded: loaded !== undefined,
        ...loaded && {
          id: loaded.id,
          engine: loaded.engine,
          memory_bytes: loaded.memoryBytes,
          load_ms: loadMs,
        },
      }),
    },
  };
}
