/**
 * `POST /v1/embeddings` and `GET /v1/models` in the shape of OpenAI's API, and `GET /health`, as a
 * function from `Request` to `Response`: the same for Cloudflare Workers, Deno Deploy and `deno serve`.
 *
 * @module
 */
import { encodeBase64 } from "../base64.ts";
import { pauseIfDue } from "../event_loop.ts";
import { bytesOf } from "../tensor.ts";
import { parseRequest } from "./_embeddings_request.ts";
import type { Embedder, Input } from "./_embeddings_request.ts";
import { gateway, loaded, settingsOf } from "./_gateway.ts";
import type {
  AnswerFacts,
  GrowingFacts,
  RequestRecord,
  ServerOptions,
  Settings,
} from "./_gateway.ts";
import { blamed } from "./_refusal.ts";

export type { AnswerFacts, Embedder, Input, RequestRecord, ServerOptions };

/** Settings of {@linkcode embeddingsHandler}. */
export interface HandlerOptions extends ServerOptions {
  /** Most texts of a request. Default 2048, as OpenAI's API. */
  readonly maxInputs?: number;
  /** Most tokens of the texts of a request together, each cut to what the model reads. Default 65,536. */
  readonly maxTokens?: number;
}

/** What an answer needs besides the embedder. */
interface Limits extends Settings {
  readonly maxInputs: number;
  readonly maxTokens: number;
}

/**
 * Makes the handler.
 *
 * @param embedder Gives the embedder, which is loaded with the first request.
 */
export function embeddingsHandler(
  embedder: () => Promise<Embedder>,
  options: HandlerOptions,
): (request: Request) => Promise<Response> {
  const { maxInputs = 2048, maxTokens = 65_536 } = options;
  const settings: Limits = { ...settingsOf(options), maxInputs, maxTokens };
  return gateway({
    "/v1/embeddings": async (body, request, facts) =>
      await embed(body, request, facts, await loaded(embedder(), settings), settings),
  }, settings);
}

async function embed(
  body: Readonly<Record<string, unknown>>,
  { signal }: Request,
  facts: GrowingFacts,
  embedder: Embedder,
  { model, maxInputs, maxTokens }: Limits,
): Promise<Response> {
  const { inputs, base64 } = parseRequest(body, embedder, { model, maxInputs });
  const { rows, tokens } = await embedder.embed(inputs, { signal, maxTotalTokens: maxTokens })
    .catch((error) => {
      throw blamed(error, "input");
    });
  const count = tokens.reduce((sum, n) => sum + n, 0);
  facts.promptTokens = count;
  // Two thousand rows of numbers take half a second to write.
  const data: string[] = [];
  for (const [index, row] of rows.entries()) {
    const embedding = base64 ? encodeBase64(bytesOf(row)) : Array.from(row);
    data.push(JSON.stringify({ object: "embedding", index, embedding }));
    await pauseIfDue();
  }
  const usage = { prompt_tokens: count, total_tokens: count };
  const rest = JSON.stringify({ model, usage }).slice(1);
  return new Response(`{"object":"list","data":[${data}],${rest}`, {
    headers: { "content-type": "application/json" },
  });
}
