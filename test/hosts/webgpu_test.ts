/** On Chromium's GPU in software, whose compiler of shaders is another than Deno's, come the same bits. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bundleModule } from "../../examples/bundle.ts";
import { CHROMIUM_TEST, WITH_GPU, withTitle } from "./_chromium.ts";
import { hashOn, MODEL, pixels } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";

const COUNT = 8;

const page = (work: string): string =>
  `<!doctype html><title>fewbit</title><script type="module">
import { refusal, run } from "./run.js";
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
try {
  window.result = ${work};
  document.title = "done";
} catch (error) {
  document.title = "error: " + error.message;
}
</script>`;

async function filesOf(work: string): Promise<Record<string, () => Response>> {
  const module = await bundleModule(new URL("_webgpu_run.ts", import.meta.url));
  const typed = (body: BodyInit, type: string): Response =>
    new Response(body, { headers: { "content-type": type } });
  const binary = (bytes: Uint8Array<ArrayBuffer>) => (): Response =>
    typed(bytes, "application/octet-stream");
  return {
    "/": () => typed(page(work), "text/html"),
    "/run.js": () => typed(module, "text/javascript"),
    "/classifier": binary(await Deno.readFile(MODEL)),
    "/pixels": binary(new Uint8Array(pixels())),
    "/language": binary(await Deno.readFile(LANGUAGE_MODEL)),
  };
}

Deno.test({
  name: "hosts: Chromium's GPU gives the same logits and ids",
  ...CHROMIUM_TEST,
  fn: async () => {
    const numbers = JSON.stringify([PROMPT, COUNT]).slice(1, -1);
    const files = await filesOf(
      'await run(await bytes("classifier"), await bytes("pixels"), await bytes("language"), ' +
        `${numbers})`,
    );
    await withTitle(files, 180_000, async (title, page) => {
      assert.equal(title, "done");
      const { logits, ids, engine } = await page.evaluate("window.result") as {
        logits: string;
        ids: number[];
        engine: string;
      };
      assert.equal(engine, "webgpu");
      assert.deepEqual(ids, GREEDY.slice(0, COUNT));
      const hash = createHash("sha256").update(logits, "hex").digest("hex");
      assert.equal(hash, await hashOn("wasm-simd"));
    }, WITH_GPU);
  },
});

Deno.test({
  name: "hosts: Chromium without a GPU says that there is none",
  ...CHROMIUM_TEST,
  fn: async () => {
    const files = await filesOf('await refusal(await bytes("classifier"))');
    await withTitle(files, 60_000, async (title, page) => {
      assert.equal(title, "done");
      const { code, message } = await page.evaluate("window.result") as {
        code: string;
        message: string;
      };
      assert.equal(code, "unsupported");
      assert.match(message, /Cannot use a GPU/);
    });
  },
});
