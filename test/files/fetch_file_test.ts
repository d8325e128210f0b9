import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import { fetchBytes, fetchFile, fetchOptionalBytes } from "../../src/files/fetch_file.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { readTokenizer } from "../../src/checkpoints/tokenizer_folder.ts";

/** A raw HTTP server: what it says can be untrue. */
function serve(answers: Readonly<Record<string, string>>): { base: string; stop: () => void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) {
      const bytes = new Uint8Array(4096);
      const count = await connection.read(bytes);
      const [, path] = new TextDecoder().decode(bytes.subarray(0, count ?? 0)).split(" ");
      await connection.write(new TextEncoder().encode(answers[path] ?? answers["/"]));
      connection.close();
    }
  })().catch(() => {});
  const { port } = listener.addr as Deno.NetAddr;
  return { base: `http://127.0.0.1:${port}`, stop: () => listener.close() };
}

const status = (line: string): string => `HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`;
const PAGE = "<!doctype html><html><title>Not here</title></html>";

const ANSWERS = {
  "/": `HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello`,
  "/404": status("404 Not Found"),
  "/410": status("410 Gone"),
  "/403": status("403 Forbidden"),
  "/500": status("500 Internal Server Error"),
  "/loop": "HTTP/1.1 302 Found\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n",
  "/short": `HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhello`,
  "/chunked": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe",
  "/noise": "this is no HTTP\r\n\r\n",
  "/nothing": "",
  "/page":
    `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${PAGE.length}\r\n\r\n${PAGE}`,
};

Deno.test("fetch: 13 failures of servers and networks have codes, alone and under a classifier", async () => {
  const { base, stop } = serve(ANSWERS);
  try {
    assert.equal(new TextDecoder().decode(await fetchBytes(new URL(base))), "hello");
    const cases: [string, string, RegExp][] = [
      [`${base}/404`, "not_found", /status 404/],
      [`${base}/410`, "not_found", /status 410/],
      [`${base}/403`, "not_found", /status 403/],
      [`${base}/500`, "not_found", /status 500/],
      [`${base}/loop`, "io_error", /redirects/],
      [`${base}/short`, "io_error", /Cannot fetch/],
      [`${base}/chunked`, "io_error", /Cannot fetch/],
      [`${base}/noise`, "io_error", /Cannot fetch/],
      [`${base}/nothing`, "io_error", /Cannot fetch/],
      ["http://127.0.0.1:1/x", "io_error", /Cannot fetch/],
      ["http://user:secret@127.0.0.1:1/x", "io_error", /http:\/\/127/],
      ["ftp://127.0.0.1/x", "unsupported", /http or https/],
      ["s3://bucket/model", "unsupported", /http or https/],
    ];
    assert.equal(cases.length, 13);
    for (const [url, code, message] of cases) {
      for (const read of [(u: string) => fetchBytes(new URL(u)), ImageClassifier.fromPretrained]) {
        await assert.rejects(async () => void await read(url), (error) => {
          assert.ok(error instanceof FewbitError, `${url}: ${error}`);
          assert.equal(error.code, code, `${url}: ${error.message}`);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        });
      }
    }
    await assert.rejects(ImageClassifier.fromPretrained(`${base}/page`), {
      code: "invalid_file",
      message: /web page/,
    });
    await assert.rejects(readTokenizer(`${base}/404`), { code: "invalid_file", message: /JSON/ });
    assert.equal(await fetchOptionalBytes(new URL(`${base}/404`)), undefined);
    await assert.rejects(fetchOptionalBytes(new URL(`${base}/500`)), { code: "not_found" });
    await assert.rejects(fetchBytes(new URL(base), undefined, 4), { code: "limit_exceeded" });
  } finally {
    stop();
  }
});

Deno.test("fetch: an abort is an abort, before and while the body comes", async () => {
  const reason = new Error("enough");
  await assert.rejects(
    fetchFile(new URL("http://127.0.0.1:1/"), AbortSignal.abort(reason)),
    reason,
  );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(9)),
    });
    return new Response(body);
  });
  const controller = new AbortController();
  const url = new URL(`http://127.0.0.1:${server.addr.port}/`);
  const bytes = fetchBytes(url, controller.signal);
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(bytes, reason);
  await server.shutdown();
});

Deno.test("fetch: data and blob URLs are files", async () => {
  assert.deepEqual([...await fetchBytes(new URL("data:;base64,AQI="))], [1, 2]);
  const url = URL.createObjectURL(new Blob([Uint8Array.of(3)]));
  assert.deepEqual([...await fetchBytes(new URL(url))], [3]);
  URL.revokeObjectURL(url);
});
