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
import type { Embedder } from "./_embeddings_request.ts";
import { Refusal, refused } from "./_refusal.ts";

export type { Embedder };

/** Settings of {@linkcode embeddingsHandler}. */
export interface HandlerOptions {
  /** Name that answers give; a request for another model is refused. */
  readonly model: string;
  /** Most bytes of a body. Default 2 MB. */
  readonly maxBodyBytes?: number;
  /** Most texts of a request. Default 2048, as OpenAI's API. */
  readonly maxInputs?: number;
  /** Most tokens of the texts of a request together, each cut to what the model reads. Default 65,536. */
  readonly maxTokens?: number;
  /** How long a request waits for the model to be loaded. Default 30 seconds. */
  readonly loadTimeoutMs?: number;
  /** Origin that pages may ask from. Default `*`: any. */
  readonly allowOrigin?: string;
  /** What `/health` tells besides; a `status` of `failed` makes it a 503. */
  readonly health?: () => Readonly<Record<string, unknown>>;
}

const DEFAULTS = {
  maxBodyBytes: 2_000_000,
  maxInputs: 2048,
  maxTokens: 65_536,
  loadTimeoutMs: 30_000,
  allowOrigin: "*",
  health: (): Readonly<Record<string, unknown>> => ({}),
};
type Settings = Required<HandlerOptions>;

/**
 * Makes the handler.
 *
 * @param embedder Gives the embedder, which is loaded with the first request.
 */
export function embeddingsHandler(
  embedder: () => Promise<Embedder>,
  options: HandlerOptions,
): (request: Request) => Promise<Response> {
  const settings: Settings = { ...DEFAULTS, ...options };
  return async (request) => {
    const response = await answer(request, embedder, settings).catch((error) =>
      // Whoever asked is gone: nobody reads the answer.
      request.signal.aborted ? new Response(null, { status: 499 }) : refused(error)
    );
    response.headers.set("access-control-allow-origin", settings.allowOrigin);
    if (settings.allowOrigin !== "*") response.headers.append("vary", "origin");
    return response;
  };
}

async function answer(
  request: Request,
  embedder: () => Promise<Embedder>,
  settings: Settings,
): Promise<Response> {
  const pathname = pathOf(request);
  if (request.method === "OPTIONS") return preflight(request);
  if (pathname === "/health") {
    checkMethod(request, "GET");
    const health = { status: "ok", model: settings.model, ...settings.health() };
    return Response.json(health, { status: health.status === "failed" ? 503 : 200 });
  }
  if (pathname === "/v1/models" || pathname.startsWith("/v1/models/")) {
    checkMethod(request, "GET");
    return models(pathname.slice("/v1/models/".length), settings);
  }
  if (pathname !== "/v1/embeddings") {
    throw new Refusal(404, `There is no ${pathname}; POST to /v1/embeddings.`);
  }
  checkMethod(request, "POST");
  return await embed(request, embedder, settings);
}

/** The path, where the request has a URL: one with a broken `Host` has none. */
function pathOf(request: Request): string {
  try {
    // A path in it would be taken for that of the request.
    if (!/[\s/?#@\\]/.test(request.headers.get("host") ?? "")) return new URL(request.url).pathname;
  } catch {
    // Told below.
  }
  throw new Refusal(400, "The request has no valid URL; see its Host header.");
}

function checkMethod({ method }: Request, allowed: "GET" | "POST"): void {
  if (method === allowed || allowed === "GET" && method === "HEAD") return;
  throw new Refusal(405, `Use ${allowed}, not ${method}.`, { allow: allowed });
}

/** What a browser asks before a page may send JSON with a key. */
function preflight(request: Request): Response {
  const headers = request.headers.get("access-control-request-headers") ??
    "authorization, content-type";
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, OPTIONS",
      "access-control-allow-headers": headers,
      "access-control-max-age": "86400",
    },
  });
}

/** The list of the one model, or that model. */
function models(id: string, { model }: Settings): Response {
  const one = { id: model, object: "model", created: 0, owned_by: "fewbit" };
  if (id === "") return Response.json({ object: "list", data: [one] });
  if (decode(id) === model) return Response.json(one);
  throw new Refusal(404, `There is no model "${id}"; this is "${model}".`, { param: "model" });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function embed(
  request: Request,
  embedder: () => Promise<Embedder>,
  settings: Settings,
): Promise<Response> {
  const body = await readBody(request, settings.maxBodyBytes);
  const ready = await withinTime(embedder(), settings.loadTimeoutMs);
  const { inputs, base64 } = parseRequest(body, ready, settings);
  const { rows, tokens } = await ready.embed(inputs, {
    signal: request.signal,
    maxTotalTokens: settings.maxTokens,
  }).catch((error) => {
    if (error?.code === "limit_exceeded" || error?.code === "invalid_argument") {
      throw new Refusal(400, `${error.message}.`, { param: "input" });
    }
    throw error;
  });
  const count = tokens.reduce((sum, n) => sum + n, 0);
  // Two thousand rows of numbers take half a second to write.
  const data: string[] = [];
  for (const [index, row] of rows.entries()) {
    const embedding = base64 ? encodeBase64(bytesOf(row)) : Array.from(row);
    data.push(JSON.stringify({ object: "embedding", index, embedding }));
    await pauseIfDue();
  }
  const usage = { prompt_tokens: count, total_tokens: count };
  const rest = JSON.stringify({ model: settings.model, usage }).slice(1);
  return new Response(`{"object":"list","data":[${data}],${rest}`, {
    headers: { "content-type": "application/json" },
  });
}

/** The loading goes on for those who ask later. */
async function withinTime<T>(loading: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Refusal(503, `The model is not loaded after ${ms} ms; ask again.`, { retry: true }),
      );
    }, ms);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body and stops as soon as it is too long, whatever its `content-length` says. */
async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new Refusal(415, `The content type is "${type}"; send application/json.`);
  }
  const tooLong = new Refusal(413, `The body is longer than ${maxBytes} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLong;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for await (const part of request.body ?? []) {
      length += part.length;
      if (length > maxBytes) throw tooLong;
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "The body ended early.");
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
