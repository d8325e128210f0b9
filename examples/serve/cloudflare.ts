/**
 * A Cloudflare Worker: completions and chats of a model that is a static asset and streams from there into
 * WebAssembly memory.
 *
 * @module
 */
import type { RequestContext, TextServer } from "../../src/server.ts";
import { storiesServer } from "./stories.ts";

/** What wrangler.jsonc binds. */
interface Environment {
  /** The static assets. */
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

let server: TextServer | undefined;

const worker = {
  /** Answers a request. */
  fetch(request: Request, { ASSETS }: Environment, context: RequestContext): Promise<Response> {
    server ??= storiesServer(() => ASSETS.fetch("https://assets/stories.fewbit"));
    return server.fetch(request, context);
  },
};

export default worker;
