/** The files of the tree by HTTP, as a registry of modules gives them. */

const ROOT = new URL("../../", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  json: "application/json",
};

/** A server, and what the addresses of its files begin with. */
export interface ServedTree extends AsyncDisposable {
  readonly base: string;
}

/** Serves the tree on this machine. */
export function serveTree(): ServedTree {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const file = await Deno.readFile(new URL(`.${pathname}`, ROOT)).catch(() => undefined);
      if (file === undefined) return new Response(null, { status: 404 });
      const type = TYPES[pathname.slice(pathname.lastIndexOf(".") + 1)] ??
        "application/octet-stream";
      return new Response(file, { headers: { "content-type": type } });
    },
  );
  return {
    base: `http://localhost:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
