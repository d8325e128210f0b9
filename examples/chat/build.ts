/**
 * Writes the Worker and the page: `deno run -A examples/chat/build.ts`, to `worker.js` and `assets/` next to
 * wrangler.jsonc. The parts of the model go there, too: README.md.
 */
import { bundleModule } from "../bundle.ts";

const here = (path: string): URL => new URL(path, import.meta.url);

/** The Worker as JavaScript. */
export async function chatWorker(): Promise<string> {
  return await bundleModule(here("worker.ts"));
}

/** Names and contents of the page's files, but for the model's. */
export async function chatPage(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["index.html", await Deno.readTextFile(here("index.html"))],
    ["page.js", await bundleModule(here("page.ts"))],
    ["gpu.js", await bundleModule(here("../../src/webgpu.ts"))],
  ]);
}

if (import.meta.main) {
  await Deno.mkdir(here("assets"), { recursive: true });
  const files = [...await chatPage()].map(([name, text]) => [`assets/${name}`, text] as const);
  for (const [name, text] of [["worker.js", await chatWorker()] as const, ...files]) {
    await Deno.writeTextFile(here(name), text);
    console.log(`${name}  ${text.length} characters`);
  }
}
