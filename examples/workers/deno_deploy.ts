/**
 * A Deno Deploy function: `POST /v1/embeddings`. The model is a file of the deployment, next to this
 * one, or wherever `FEWBIT_MODEL` says.
 *
 * @module
 */
import { denoHandler } from "./_deno.ts";

const model = Deno.env.get("FEWBIT_MODEL") ?? new URL("./minilm.fewbit", import.meta.url);

Deno.serve(denoHandler(model));
