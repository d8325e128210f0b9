/** An embedder that is loaded once, with the first request. */
import { loadEmbedder } from "../../src/embedder.ts";
import type { EmbeddingModel, ProgramSource } from "../../src/embedder.ts";
import type { HandlerOptions } from "../../src/serve/embeddings_api.ts";

/** Name of the model that these servers have. */
export const MODEL = "all-MiniLM-L6-v2";

/** How long a loading may take before it is given up and begun anew. */
const LOAD_TIMEOUT_MS = 120_000;

/** An embedder, and what is known of it. */
export interface SingleLoad {
  /** The embedder. All who ask while it is being loaded wait for one loading; after a failure it is tried again. */
  get(open: (signal: AbortSignal) => Promise<ProgramSource>): Promise<EmbeddingModel>;
  /** Settings of the handler. */
  readonly options: HandlerOptions;
}

/** Begins with nothing loaded. */
export function singleLoad(timeoutMs = LOAD_TIMEOUT_MS): SingleLoad {
  let loading: Promise<EmbeddingModel> | undefined;
  let loaded: EmbeddingModel | undefined;
  let failed = false;
  let loadMs: number | undefined;
  const start = async (
    open: (signal: AbortSignal) => Promise<ProgramSource>,
  ): Promise<EmbeddingModel> => {
    const begin = performance.now();
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      loaded = await loadEmbedder(await open(signal), { signal });
      loadMs = Math.round(performance.now() - begin);
      failed = false;
      return loaded;
    } catch (error) {
      failed = true;
      loading = undefined;
      throw error;
    }
  };
  return {
    get: (open) => loading ??= start(open),
    options: {
      model: MODEL,
      health: () => ({
        status: loaded ? "ok" : loading ? "loading" : failed ? "failed" : "idle",
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
