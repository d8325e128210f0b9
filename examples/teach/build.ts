/**
 * Writes the page as static files: `deno run -A examples/teach/build.ts site/`. Any web server can
 * serve them.
 */
import { bundleModule } from "../bundle.ts";

/** Names and contents of the page's files. */
export async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const here = (path: string): URL => new URL(path, import.meta.url);
  return new Map([
    ["index.html", await Deno.readTextFile(here("index.html"))],
    ["page.js", await bundleModule(here("page.ts"))],
  ]);
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? "site";
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, text] of await pageFiles()) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    console.log(`${folder}/${name}  ${text.length} characters`);
  }
}
