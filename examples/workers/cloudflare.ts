/**
 * A Cloudflare Worker: `POST /v1/embeddings`. The model is a static asset and streams from there into
 * WebAssembly memory; JavaScript never has more of it than a chunk.
 *
 * @module
 */
import { singleLoad } from "./_single_load.ts";
import { embeddingsHandler } from "../../src/serve/embeddings_api.ts";

/** What wrangler.jsonc binds. */
interface Environment {
  /** The static assets. */
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

/** What a request may outlive. */
interface Context {
  waitUntil(work: Promise<unknown>): void;
}

const model = singleLoad();

const worker = {
  /** Answers a request. */
  fetch(request: Request, { ASSETS }: Environment, context: Context): Promise<Response> {
    const handler = embeddingsHandler(() => {
      const loading = model.get(() => ASSETS.fetch("https://assets/minilm.fewbit"));
      // Others wait for it too, so it goes on even if whoever came first goes away.
      context.waitUntil(loading.catch(() => {}));
      return loading;
    }, model.options);
    return handler(request);
  },
};

export default worker;
