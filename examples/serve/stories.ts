/** A server of the model of stories, wherever its bytes come from. */
import { loadGenerator } from "../../src/generator.ts";
import type { GenerationModel, ProgramSource } from "../../src/generator.ts";
import { textServer } from "../../src/server.ts";
import type { TextServer } from "../../src/server.ts";

/** Answers that are written at a time; each has a cache of its own. */
const PARALLEL = 2;

/** A server that loads its model with the first request, and again where that failed. */
export function storiesServer(open: () => Promise<ProgramSource>): TextServer {
  let loading: Promise<GenerationModel> | undefined;
  const load = async (): Promise<GenerationModel> =>
    await loadGenerator(await open(), {
      sessions: PARALLEL,
      parallel: PARALLEL,
      chunkSize: 64 + PARALLEL,
    });
  return textServer(() =>
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    }), { model: "stories" });
}
