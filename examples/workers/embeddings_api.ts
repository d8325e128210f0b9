/**
 * `POST /v1/embeddings` in the shape of OpenAI's API, as a function from `Request` to `Response`: the
 * same for Cloudflare Workers, Deno Deploy and `deno serve`.
 *
 * @module
 */

/** What the handler needs of an embedder. */
export interface Embedder {
  /** Words of the vocabulary: token ids are below. */
  readonly vocabularySize: number;
  /** Embeds texts, or texts that were tokenised elsewhere. */
  embed(
    inputs: readonly (string | readonly number[])[],
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly rows: readonly Float32Array[]; readonly tokens: readonly number[] }>;
}

/** Settings of {@linkcode embeddingsHandler}. */
export interface HandlerOptions {
  /** Name that answers give; a request for another model is refused. */
  readonly model: string;
  /** Most bytes of a body. Default 1 MB. */
  readonly maxBodyBytes?: number;
  /** Most texts of a request. Default 64. */
  readonly maxInputs?: number;
  /** What `/health` tells besides. */
  readonly health?: () => Readonly<Record<string, unknown>>;
}

/** A request that is refused, and why. */
class Refusal extends Error {
  constructor(readonly status: number, message: string, readonly param: string | null = null) {
    super(message);
  }
}

type Input = string | readonly number[];

interface EmbeddingsRequest {
  readonly inputs: readonly Input[];
  readonly base64: boolean;
}

/**
 * Makes the handler.
 *
 * @param embedder Gives the embedder, which is loaded with the first request.
 */
export function embeddingsHandler(
  embedder: () => Promise<Embedder>,
  { model, maxBodyBytes = 1_000_000, maxInputs = 64, health }: HandlerOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const { pathname } = new URL(request.url);
      if (pathname === "/health") return Response.json({ status: "ok", model, ...health?.() });
      if (pathname !== "/v1/embeddings") {
        throw new Refusal(404, `There is no ${pathname}; POST to /v1/embeddings.`);
      }
      if (request.method !== "POST") throw new Refusal(405, `Use POST, not ${request.method}.`);
      const body = parseJson(await readBody(request, maxBodyBytes));
      const ready = await embedder();
      const { inputs, base64 } = parseRequest(body, model, maxInputs, ready.vocabularySize);
      const { rows, tokens } = await ready.embed(inputs, { signal: request.signal });
      const count = tokens.reduce((sum, n) => sum + n, 0);
      return Response.json({
        object: "list",
        data: rows.map((row, index) => ({
          object: "embedding",
          index,
          embedding: base64 ? encodeBase64(row) : Array.from(row),
        })),
        model,
        usage: { prompt_tokens: count, total_tokens: count },
      });
    } catch (error) {
      // Whoever asked is gone: nobody reads the answer.
      if (request.signal.aborted) return new Response(null, { status: 499 });
      return refused(error);
    }
  };
}

function refused(error: unknown): Response {
  const known = error instanceof Refusal;
  if (!known) console.error(error);
  const status = known ? error.status : 500;
  const message = known ? error.message : "The server failed; the log says why.";
  const type = known ? "invalid_request_error" : "server_error";
  const headers = status === 405 ? { allow: "POST" } : undefined;
  return Response.json(
    { error: { message, type, param: known ? error.param : null, code: null } },
    { status, ...headers && { headers } },
  );
}

/** Reads a body and stops as soon as it is too long, whatever its `content-length` says. */
async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new Refusal(415, `The content type is "${type}"; send application/json.`);
  }
  const tooLong = new Refusal(413, `The body is longer than ${maxBytes} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLong;
  const parts: Uint8Array[] = [];
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
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(400, "The body is not JSON in UTF-8.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "The body is not a JSON object.");
  }
  return value as Record<string, unknown>;
}

function parseRequest(
  body: Record<string, unknown>,
  model: string,
  maxInputs: number,
  vocabularySize: number,
): EmbeddingsRequest {
  const { input, encoding_format: format = "float", dimensions } = body;
  if (body.model !== undefined && body.model !== model) {
    throw new Refusal(404, `There is no model ${quote(body.model)}; this is "${model}".`, "model");
  }
  if (format !== "float" && format !== "base64") {
    const message = `encoding_format is ${quote(format)}; use "float" or "base64".`;
    throw new Refusal(400, message, "encoding_format");
  }
  if (dimensions !== undefined) {
    throw new Refusal(400, `"${model}" has one size; leave dimensions out.`, "dimensions");
  }
  return { inputs: parseInput(input, maxInputs, vocabularySize), base64: format === "base64" };
}

/** A text, texts, the token ids of a text, or of several. */
function parseInput(input: unknown, maxInputs: number, vocabularySize: number): Input[] {
  const bad = (message: string): never => {
    throw new Refusal(400, message, "input");
  };
  if (input === undefined) return bad("input is missing.");
  const single = typeof input === "string" || Array.isArray(input) && typeof input[0] === "number";
  const list: unknown[] = single ? [input] : Array.isArray(input) ? input : bad(
    `input is ${quote(input)}; send a string, an array of strings, or token ids.`,
  );
  if (list.length === 0) bad("input is empty.");
  if (list.length > maxInputs) bad(`input has ${list.length} texts; send at most ${maxInputs}.`);
  return list.map((item, i) => {
    const name = single ? "input" : `input[${i}]`;
    if (typeof item === "string") return item === "" ? bad(`${name} is an empty string.`) : item;
    if (!Array.isArray(item)) return bad(`${name} is ${quote(item)}; send a string or token ids.`);
    if (item.length === 0) bad(`${name} has no token ids.`);
    const wrong = item.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
    if (wrong !== undefined) {
      bad(`${name} has ${quote(wrong)}; token ids are integers from 0 to ${vocabularySize - 1}.`);
    }
    return item as number[];
  });
}

/** A value for a message, not too long. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Little-endian float32 in base64, as OpenAI's clients read it. */
function encodeBase64(row: Float32Array): string {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
