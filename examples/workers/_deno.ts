/** What the servers on Deno have in common. */
import { singleLoad } from "./_single_load.ts";
import { embeddingsHandler } from "../../src/serve/embeddings_api.ts";

/** Answers with a model from a path or URL. */
export function denoHandler(model: string | URL): (request: Request) => Promise<Response> {
  const { get, options } = singleLoad();
  return embeddingsHandler(() => get((signal) => open(model, signal)), options);
}

async function open(model: string | URL, signal: AbortSignal): Promise<Response> {
  const isUrl = model instanceof URL || /^[a-z]+:\/\//i.test(model);
  if (isUrl && new URL(model).protocol !== "file:") return await fetch(model, { signal });
  return new Response((await Deno.open(isUrl ? new URL(model) : model)).readable);
}
