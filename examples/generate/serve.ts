/** Serves the page on this machine: `deno task page`. */
import { pageFiles } from "./build.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  fewbit: "application/octet-stream",
};

/** A handler that serves the page's files. */
export async function pageHandler(): Promise<(request: Request) => Response> {
  const files = await pageFiles();
  return (request) => {
    const name = new URL(request.url).pathname.slice(1) || "index.html";
    const content = files.get(name);
    if (content === undefined) return new Response("Not found", { status: 404 });
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    const length = typeof content === "string"
      ? undefined
      : { "content-length": String(content.length) };
    return new Response(content, { headers: { "content-type": type, ...length } });
  };
}

if (import.meta.main) Deno.serve({ port: 8000, hostname: "127.0.0.1" }, await pageHandler());
