/**
 * Writes the Cloudflare Worker as one module: `deno run -A examples/serve/build.ts`, to `worker.js` next to
 * wrangler.jsonc.
 */
import { bundleModule } from "../bundle.ts";

/** The worker as JavaScript. */
export async function workerModule(): Promise<string> {
  return await bundleModule(new URL("cloudflare.ts", import.meta.url));
}

if (import.meta.main) {
  const path = new URL("worker.js", import.meta.url);
  const module = await workerModule();
  await Deno.writeTextFile(path, module);
  console.log(`${path.pathname}  ${module.length} bytes`);
}
