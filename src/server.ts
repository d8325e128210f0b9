/**
 * The entry for servers: a loaded model behind the shape of OpenAI's API, as a `fetch` for Deno, Node and
 * Workers. No dependency.
 *
 * @example
 * ```ts
 * import { loadGenerator } from "@fewbit/fewbit/generator";
 * import { textServer } from "@fewbit/fewbit/server";
 *
 * const lm = loadGenerator(await fetch("https://example.com/hgrn-bit-shakespeare.fewbit"));
 * const server = textServer(() => lm, { model: "plays" });
 * console.log(await server.fetch(new Request("https://localhost/v1/models")));
 * ```
 *
 * @module
 */
export { textServer } from "./serve/text_api.ts";
export type { Constrain, RequestContext, TextServer, TextServerOptions } from "./serve/text_api.ts";
export { embeddingsHandler } from "./serve/embeddings_api.ts";
export type { Embedder, HandlerOptions } from "./serve/embeddings_api.ts";
export type { AnswerFacts, RequestRecord, ServerOptions } from "./serve/embeddings_api.ts";
export type { AnswerFormat, JsonObject } from "./serve/text_api.ts";
export type { Input } from "./serve/embeddings_api.ts";
export { TextScheduler } from "./pipelines/text/text_scheduler.ts";
export type { SchedulerOptions } from "./pipelines/text/text_scheduler.ts";
export type { BatchModel, BatchPart, BatchSampler } from "./pipelines/text/batch_model.ts";
export type { IntegerDraw } from "./text/integer_draw.ts";
export type * from "./generator.ts";
