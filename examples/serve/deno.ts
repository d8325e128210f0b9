/**
 * Completions and chats from your own machine:
 *
 *     deno serve -A examples/serve/deno.ts
 *
 * @module
 */
import type { TextServer } from "../../src/server.ts";
import { storiesServer } from "./stories.ts";

const MODEL = Deno.env.get("FEWBIT_MODEL") ??
  new URL("../../models/stories260k.fewbit", import.meta.url);

/** What `deno serve` asks for answers. */
const server: TextServer = storiesServer(async () =>
  new Response((await Deno.open(MODEL)).readable)
);

export default server;
