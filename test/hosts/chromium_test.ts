import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { hashOn, missing, MODEL, pixels } from "./_picture.ts";

const PAGE = `<!doctype html><title>fewbit</title><script type="module">
import { load } from "./runtime.js";
const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
try {
  const instance = await load(await fetch("./model.fewbit"));
  const { logits } = await instance.run({ pixels: await bytes("./pixels.bin") });
  const digest = await crypto.subtle.digest("SHA-256", logits.data);
  document.title = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
} catch (error) {
  document.title = "failed: " + error.message;
}
</script>`;

Deno.test({
  name: "hosts: Chromium gives the same logits",
  ignore: missing("chromium"),
  // Playwright keeps a pipe to the browser for a moment after close().
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const files: Record<string, () => Response> = {
      "/": () => new Response(PAGE, { headers: { "content-type": "text/html" } }),
      "/runtime.js": () =>
        new Response(Deno.readFileSync(new URL("../../dist/runtime.js", import.meta.url)), {
          headers: { "content-type": "text/javascript" },
        }),
      "/model.fewbit": () => new Response(Deno.readFileSync(MODEL)),
      "/pixels.bin": () => new Response(pixels() as Uint8Array<ArrayBuffer>),
    };
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
      assert.equal(await page.title(), await hashOn("wasm-simd"));
    } finally {
      await browser.close();
    }
  },
});
