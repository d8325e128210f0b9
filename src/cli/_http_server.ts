/** Requests and responses of the web on a socket of this machine, in Node, Deno and Bun. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { fileError } from "../files/file_error.ts";

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Takes no more connections, lets what is being written come to its end, and ends the others. */
  close(): Promise<void>;
}

/** How long connections have when the server closes. */
export const CLOSING_MS = 1000;
/** How often it is looked which connections have nothing to do any more. */
const IDLE_MS = 50;
/** How long the head of a request may take. */
const HEADERS_TIMEOUT_MS = 20_000;

/**
 * Listens.
 *
 * @throws {FewbitError} `io_error` where the address is in use or not this machine's.
 */
export async function listen(
  handle: (request: Request) => Promise<Response>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    // What breaks off is over; a defect has been told by the handler.
    respond(handle, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw fileError(`Cannot listen on ${host}:${port}`, error);
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS);
      const late = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
      await closed;
      clearInterval(idle);
      clearTimeout(late);
    },
  };
}

async function respond(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  outgoing.on("error", () => gone.abort());
  const request = requestOf(incoming, gone.signal);
  if (request === undefined) {
    outgoing.writeHead(400, { connection: "close" }).end();
    return;
  }
  const response = await handle(request);
  // A body that nobody read would be read to its end before the connection is used again.
  if (request.body !== null && !incoming.complete) outgoing.shouldKeepAlive = false;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  if (reader === undefined) {
    outgoing.end();
    return;
  }
  gone.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || gone.signal.aborted) break;
    if (!outgoing.write(value)) await drained(outgoing);
  }
  outgoing.end();
}

/** The request; `undefined` where its target or a header is none. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "GET", url = "/", rawHeaders, headers: { host = "localhost" } } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    const headers = new Headers();
    for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i], rawHeaders[i + 1]);
    return new Request(new URL(url, `http://${host}`), {
      method,
      headers,
      signal,
      ...hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" },
    });
  } catch {
    return undefined;
  }
}

/** Resolves when a slow reader has taken what was written, or is gone. */
async function drained(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return;
  await new Promise<void>((resolve) => {
    outgoing.once("drain", resolve);
    outgoing.once("close", resolve);
  });
}
