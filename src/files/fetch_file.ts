/** Files by URL. */
import { FewbitError } from "../errors.ts";

/** Most bytes that are kept of what a server sends: what one array holds on every host. */
const MAX_BYTES = 2 ** 32;

/** Schemes that `fetch` understands and that give files. */
const SCHEMES = ["http:", "https:", "data:", "blob:"];

/**
 * Fetches a URL. The response is good, and an error while its body is read is one of fewbit.
 *
 * @throws {FewbitError} `not_found` where the server does not give the file, whatever its status,
 * `io_error` where there is no connection, `unsupported` for other schemes. An abort throws the
 * signal's reason.
 */
export async function fetchFile(url: URL, signal?: AbortSignal): Promise<Response> {
  return await checked(url, await fetchAny(url, signal), signal);
}

async function checked(
  url: URL,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Response> {
  if (response.ok) return withTypedBody(url, response, signal);
  await response.body?.cancel().catch(() => {});
  throw new FewbitError("not_found", `Cannot fetch ${shown(url)}: status ${response.status}`);
}

async function fetchAny(url: URL, signal: AbortSignal | undefined): Promise<Response> {
  if (!SCHEMES.includes(url.protocol)) {
    throw new FewbitError("unsupported", `Cannot fetch ${shown(url)}: expected http or https`);
  }
  try {
    return await fetch(url, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw networkError(url, cause, signal);
  }
}

/** Fetches all bytes of a URL. */
export async function fetchBytes(
  url: URL,
  signal?: AbortSignal,
  maxBytes = MAX_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  return await bytesOf(url, await fetchFile(url, signal), maxBytes);
}

async function bytesOf(
  url: URL,
  { body }: Response,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for await (const chunk of body ?? []) {
    total += chunk.length;
    if (total > maxBytes) {
      throw new FewbitError(
        "limit_exceeded",
        `Cannot fetch ${shown(url)}: it has more than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Fetches all bytes of a URL; `undefined` where the server says by status 404 or 410 that it has none. */
export async function fetchOptionalBytes(
  url: URL,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const response = await fetchAny(url, signal);
  if (response.status === 404 || response.status === 410) {
    await response.body?.cancel().catch(() => {});
    return undefined;
  }
  return await bytesOf(url, await checked(url, response, signal), MAX_BYTES);
}

/** The response with a body whose failures are typed, and that has all bytes it was said to have. */
function withTypedBody(url: URL, response: Response, signal: AbortSignal | undefined): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const isEncoded = response.headers.has("content-encoding");
  const said = isEncoded ? null : response.headers.get("content-length");
  let received = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          received += value.length;
          return controller.enqueue(value as Uint8Array<ArrayBuffer>);
        }
      } catch (cause) {
        throw networkError(url, cause, signal);
      }
      if (said !== null && received !== Number(said)) {
        throw new FewbitError(
          "io_error",
          `Cannot fetch ${shown(url)}: it ended at ${received} of ${said} bytes`,
        );
      }
      controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { headers: response.headers });
}

function networkError(url: URL, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
  const text = reason.replace(/^error sending request for url \(.*?\): /, "");
  return new FewbitError("io_error", `Cannot fetch ${shown(url)}: ${text}`, { cause });
}

/** The innermost message: `fetch failed` alone says nothing. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

/** A URL in a message: without a password, and not a whole file in `data:`. */
function shown(url: URL): string {
  const { href, username, password } = url;
  const plain = username || password ? href.replace(/\/\/[^@/]*@/, "//") : href;
  return plain.length > 200 ? `${plain.slice(0, 200)}…` : plain;
}
