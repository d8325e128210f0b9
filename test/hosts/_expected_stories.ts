/**
 * What every host has to write with the Llama of integers that ships, or with another one:
 * `FEWBIT_STORIES=/path/smollm2.fewbit deno task test:hosts`.
 */
import { pathToFileURL } from "node:url";
import { load } from "../../src/engines/load.ts";
import { storiesOf } from "./_stories.js";

const GIVEN = Deno.env.get("FEWBIT_STORIES");

/** The model. */
export const STORIES: URL = GIVEN === undefined
  ? new URL("../../models/stories260k.fewbit", import.meta.url)
  : pathToFileURL(GIVEN);

let expected: Promise<Awaited<ReturnType<typeof storiesOf>>> | undefined;

/**
 * The ids by the reference engine, which shares no code with the WebAssembly; of a large model, for which it
 * takes long, those of the build without relaxed SIMD.
 */
export function expectedStories(): ReturnType<typeof storiesOf> {
  return expected ??= storiesOf(
    (file, options) =>
      load(file, { ...options, engine: GIVEN === undefined ? "reference" : "wasm-simd" }),
    Deno.readFileSync(STORIES),
  );
}
