import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { hashOn, missing, MODEL, pixels } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

const PAGE = `<!doctype html><title>fewbit</title><script type="module">
import { load } from "./runtime.js";
import { greedy } from "./greedy.js";
const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
try {
  const image = await load(await fetch("./classifier.fewbit"));
  const { logits } = await image.run({ pixels: await bytes("./pixels.bin") });
  const digest = await crypto.subtle.digest("SHA-256", logits.data);
  const hash = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
  const text = await load(await fetch("./language_model.fewbit"));
  const ids = await greedy(text, ${JSON.stringify(PROMPT)}, ${GREEDY.length});
  document.title = JSON.stringify({ hash, ids });
} catch (error) {
  document.title = JSON.stringify(error.message);
}
</script>`;

/** Files that the page fetches, by path. */
function served(): Record<string, () => Response> {
  const script = (path: string) => (): Response =>
    new Response(Deno.readFileSync(new URL(path, import.meta.url)), {
      headers: { "content-type": "text/javascript" },
    });
  return {
    "/": () => new Response(PAGE, { headers: { "content-type": "text/html" } }),
    "/runtime.js": script("../../dist/runtime.js"),
    "/greedy.js": script("./_greedy.js"),
    "/classifier.fewbit": () => new Response(Deno.readFileSync(MODEL)),
    "/pixels.bin": () => new Response(pixels() as Uint8Array<ArrayBuffer>),
    "/language_model.fewbit": () => new Response(Deno.readFileSync(LANGUAGE_MODEL)),
  };
}

Deno.test({
  name: "hosts: Chromium gives the same logits and ids",
  ignore: missing("chromium"),
  // Playwright keeps a pipe to the browser for a moment after close().
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const files = served();
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) =>
        (files[new URL(request.url).pathname] ?? (() => new Response(null, { status: 404 })))(),
    );
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
      await page.waitForFunction('document.title !== "fewbit"', undefined, { timeout: 20_000 });
      assert.deepEqual(JSON.parse(await page.title()), {
        hash: await hashOn("wasm-simd"),
        ids: GREEDY,
      });
    } finally {
      await browser.close();
    }
  },
});
