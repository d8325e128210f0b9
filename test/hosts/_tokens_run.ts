/** What hosts other than Deno load as one bundle. */
import { loadEmbedder } from "../../src/embedder.ts";
import type { ProgramSource } from "../../src/runtime.ts";
import { tokenHashes } from "./_tokens.js";

/** Loads the model and hashes ids and embeddings. */
export async function run(
  model: ProgramSource,
  parts: readonly string[],
): Promise<Awaited<ReturnType<typeof tokenHashes>>> {
  using embedder = await loadEmbedder(model);
  return await tokenHashes(embedder, parts);
}
