/** What every host has to write with the Llama of integers that ships. */
import { load } from "../../src/engines/load.ts";
import { storiesOf } from "./_stories.js";

/** The model. */
export const STORIES: URL = new URL("../../models/stories260k.fewbit", import.meta.url);

let expected: Promise<Awaited<ReturnType<typeof storiesOf>>> | undefined;

/** The ids by the reference engine, which shares no code with the WebAssembly. */
export function expectedStories(): ReturnType<typeof storiesOf> {
  return expected ??= storiesOf(
    (file, options) => load(file, { ...options, engine: "reference" }),
    Deno.readFileSync(STORIES),
  );
}
