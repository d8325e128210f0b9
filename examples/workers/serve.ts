/**
 * `POST /v1/embeddings` from your own machine:
 *
 *     FEWBIT_MODEL=minilm.fewbit deno serve -A examples/workers/serve.ts
 *
 * @module
 */
import { denoHandler } from "./_deno.ts";

const server: Deno.ServeDefaultExport = {
  fetch: denoHandler(Deno.env.get("FEWBIT_MODEL") ?? "minilm.fewbit"),
};

export default server;
