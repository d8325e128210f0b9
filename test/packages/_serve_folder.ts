/** A site that was built. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** A handler that serves the files of a folder. */
export function serveFolder(folder: string): (request: Request) => Response {
  return (request) => {
    const { pathname } = new URL(request.url);
    const path = `${folder}${pathname === "/" ? "/index.html" : pathname}`;
    try {
      const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      return new Response(Deno.readFileSync(path), { headers: { "content-type": type } });
    } catch {
      return new Response(null, { status: 404 });
    }
  };
}
