/** The page of examples/generate in a real browser. */
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import type { Page } from "playwright-core";
import { pageHandler } from "../../examples/generate/serve.ts";
import { TextGenerator } from "../../src/pipelines/text_generator.ts";
import { missing } from "./_picture.ts";

/** Where to put a picture of the page, for people to look at. */
const SCREENSHOT = Deno.env.get("FEWBIT_SCREENSHOT");

async function open(test: (page: Page) => Promise<void>): Promise<void> {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    await pageHandler(),
  );
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 860, height: 900 } });
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
    await page.waitForSelector("#write:enabled", { timeout: 20_000 });
    await test(page);
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
}

const settings = {
  ignore: missing("chromium"),
  // Playwright keeps a pipe to the browser for a moment after close().
  sanitizeResources: false,
  sanitizeOps: false,
};

Deno.test(
  "hosts: the page writes what Deno writes with the same seed",
  settings,
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

Deno.test("hosts: the page stops, and says what is wrong", settings, () =>
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
  }));
