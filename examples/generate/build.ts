/**
 * Writes the page as static files: `deno run -A examples/generate/build.ts site/`. Any web server can
 * serve them.
 */
import { bundleModule } from "../bundle.ts";

/** Names and contents of the page's files. */
export async function pageFiles(): Promise<ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>> {
  const here = (path: string): URL => new URL(path, import.meta.url);
  return new Map<string, string | Uint8Array<ArrayBuffer>>([
    ["index.html", await Deno.readTextFile(here("index.html"))],
    ["page.js", await bundleModule(here("page.ts"))],
    ["gpu.js", await bundleModule(here("../../src/webgpu.ts"))],
    ["model.fewbit", await Deno.readFile(here("../../models/hgrn-bit-shakespeare.fewbit"))],
  ]);
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? "site";
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of await pageFiles()) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
    console.log(`${folder}/${name}  ${bytes.length} bytes`);
  }
}
