/** The page of examples/generate in a real browser. */
import assert from "node:assert/strict";
import { pageHandler } from "../../examples/generate/serve.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { CHROMIUM_TEST, WITH_GPU, withPage } from "./_chromium.ts";
import type { Page } from "./_chromium.ts";

/** Where to put a picture of the page, for people to look at. */
const SCREENSHOT = Deno.env.get("FEWBIT_SCREENSHOT");

async function open(
  test: (page: Page) => Promise<void>,
  gpu?: readonly string[],
): Promise<void> {
  await withPage(await pageHandler(), async (page, origin) => {
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await page.goto(origin);
    await page.waitForSelector("#write:enabled", { timeout: 20_000 });
    await test(page);
    assert.deepEqual(problems, []);
  }, gpu);
}

Deno.test(
  "hosts: the page writes what Deno writes with the same seed",
  CHROMIUM_TEST,
  () =>
    open(async (page) => {
      const prompt = "JULIET:\nO ";
      await page.fill("#prompt", prompt);
      await page.fill("#seed", "7");
      await page.fill("#tokens", "200");
      await page.click("#write");
      await page.waitForSelector("#write:enabled", { timeout: 20_000 });
      using lm = await TextGenerator.fromPretrained();
      const options = { seed: 7, temperature: 0.8, maxTokens: 200 };
      const expected = prompt + await lm.complete(prompt, options);
      assert.equal(await page.textContent("#text"), expected);
      assert.match(await page.textContent("#speed") ?? "", /^200 tokens, \d+ a second$/);
      assert.equal(await page.textContent("#error"), "");
      if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT });
    }),
);

Deno.test(
  "hosts: the page stops, and says what is wrong",
  CHROMIUM_TEST,
  () =>
    open(async (page) => {
      await page.fill("#tokens", "5000");
      await page.click("#write");
      await page.waitForFunction("document.getElementById('text').textContent.length > 40");
      await page.click("#stop");
      await page.waitForSelector("#write:enabled", { timeout: 5_000 });
      const stopped = await page.textContent("#text");
      await page.waitForTimeout(100);
      assert.equal(await page.textContent("#text"), stopped);
      assert.equal(await page.textContent("#error"), "");
      await page.fill("#prompt", "");
      await page.click("#write");
      await page.waitForFunction("document.getElementById('error').textContent !== ''");
      assert.match(await page.textContent("#error") ?? "", /no tokens/);
    }),
);

Deno.test(
  "hosts: the page writes the same text on a GPU, and shows what of both",
  CHROMIUM_TEST,
  () =>
    open(async (page) => {
      await page.fill("#prompt", "JULIET:\nO ");
      await page.fill("#seed", "7");
      await page.fill("#tokens", "12");
      for (const engine of ["wasm", "webgpu"]) {
        await page.selectOption("#engine", engine);
        await page.waitForSelector("#write:enabled", { timeout: 120_000 });
        await page.click("#write");
        await page.waitForSelector("#stop:disabled", { timeout: 60_000 });
        await page.waitForSelector("#write:enabled", { timeout: 60_000 });
      }
      const rows = await page.locator("#runs tbody tr").allTextContents();
      assert.equal(rows.length, 2, await page.textContent("#error") ?? "");
      const hashes = rows.map((row) => /[0-9a-f]{16}$/.exec(row)?.[0]);
      assert.ok(hashes[0] !== undefined && hashes[0] === hashes[1], rows.join("\n"));
      assert.match(rows[1], /WebGPU.*swiftshader.*\d+ ms/i);
      if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT, fullPage: true });
    }, WITH_GPU),
);

Deno.test(
  "hosts: the page says that there is no GPU, and goes on without",
  CHROMIUM_TEST,
  async () =>
    await withPage(await pageHandler(), async (page, origin) => {
      await page.goto(origin);
      await page.waitForSelector("#write:enabled", { timeout: 20_000 });
      await page.selectOption("#engine", "webgpu");
      await page.waitForFunction("document.getElementById('error').textContent !== ''");
      assert.match(await page.textContent("#error") ?? "", /Cannot use a GPU/);
      assert.equal(await page.locator("#write:disabled").count(), 1);
      await page.selectOption("#engine", "wasm");
      await page.waitForSelector("#write:enabled");
      assert.equal(await page.textContent("#error"), "");
    }),
);
