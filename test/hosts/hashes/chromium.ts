/** Hashes on Chromium's GPU in software. */
import { bundleModule } from "../../../examples/bundle.ts";
import { WITH_GPU, withTitle } from "../_chromium.ts";
import type { Hashes, ModelOnDisk } from "./models.ts";

/** Longer than any model takes on a machine with other work. */
const TIMEOUT = 600_000;

const page = (kind: string): string =>
  `<!doctype html><title>fewbit</title><script type="module">
import { run } from "./run.js";
try {
  window.result = await run(${JSON.stringify(kind)});
  document.title = "done";
} catch (error) {
  document.title = "error: " + error.message;
}
</script>`;

/** What a page with the model says, and the adapter that it had. */
export async function hashesInChromium(
  { model, file, input }: ModelOnDisk,
): Promise<{ adapter: string; hashes: Hashes }> {
  const typed = (body: BodyInit, type: string) => (): Response =>
    new Response(body, { headers: { "content-type": type } });
  const module = await bundleModule(new URL("chromium_run.ts", import.meta.url));
  const files = {
    "/": typed(page(model.kind), "text/html"),
    "/run.js": typed(module, "text/javascript"),
    "/model": typed(await Deno.readFile(file), "application/octet-stream"),
    "/input": typed(await Deno.readFile(input), "application/octet-stream"),
  };
  let result = { adapter: "", hashes: {} };
  await withTitle(files, TIMEOUT, async (title, page) => {
    if (title !== "done") throw new Error(`Chromium: ${title}`);
    result = await page.evaluate("window.result") as typeof result;
  }, WITH_GPU);
  return result;
}
