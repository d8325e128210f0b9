/** The page of examples/teach in a real browser: it learns a drawing that a mouse makes. */
import assert from "node:assert/strict";
import { pageFiles } from "../../examples/teach/build.ts";
import { jittered, SHAPES } from "../../examples/teach/shapes.ts";
import type { Stroke } from "../../examples/teach/shapes.ts";
import { CHROMIUM_TEST, withPage } from "./_chromium.ts";
import type { Page } from "./_chromium.ts";

/** Where to put a picture of the page, for people to look at. */
const SCREENSHOT = Deno.env.get("FEWBIT_SCREENSHOT");

const HOUSE: readonly Stroke[] = [[[-1, 1], [-1, 0], [0, -1], [1, 0], [1, 1], [-1, 1]]];

async function draw(page: Page, strokes: readonly Stroke[]): Promise<void> {
  await page.click("#clear");
  const { x, y } = (await page.locator("#pad").boundingBox())!;
  for (const stroke of strokes) {
    const places = stroke.map(([dx, dy]) => [x + 140 + 80 * dx, y + 140 + 80 * dy] as const);
    await page.mouse.move(...places[0]);
    await page.mouse.down();
    for (const place of places) await page.mouse.move(...place, { steps: 4 });
    await page.mouse.up();
  }
}

/** Waits until the page takes what is drawn for something. */
async function takesFor(page: Page, name: string): Promise<void> {
  const best = 'document.querySelector("#guesses li:first-child span")?.textContent';
  await page.waitForFunction(`${best} === ${JSON.stringify(name)}`, undefined, { timeout: 10_000 });
}

Deno.test({
  name: "hosts: the page learns a new drawing and keeps the others",
  ...CHROMIUM_TEST,
  fn: async () => {
    const files = await pageFiles();
    const handler = (request: Request): Response => {
      const name = new URL(request.url).pathname.slice(1) || "index.html";
      const type = name.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
      return new Response(files.get(name) ?? null, {
        status: files.has(name) ? 200 : 404,
        headers: { "content-type": type },
      });
    };
    await withPage(handler, async (page, origin) => {
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      await page.goto(origin);
      await page.waitForSelector("#progress", { state: "hidden", timeout: 60_000 });
      await draw(page, jittered(SHAPES[0].strokes, 901));
      await takesFor(page, "circle");
      for (let i = 0; i < 4; i++) {
        await draw(page, jittered(HOUSE, 910 + i));
        await page.click("#keep");
      }
      await page.click("#teach");
      await page.waitForFunction('document.querySelector("#error").textContent !== ""');
      assert.match(await page.textContent("#error") ?? "", /give a new name/);
      await page.fill("#name", "house");
      await page.click("#teach");
      await page.waitForFunction(
        'document.querySelector("#status").textContent.includes("house")',
        undefined,
        { timeout: 60_000 },
      );
      await draw(page, jittered(SHAPES[1].strokes, 903));
      await takesFor(page, "cross");
      await draw(page, jittered(HOUSE, 930));
      await takesFor(page, "house");
      assert.deepEqual(problems, []);
      if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT });
    });
  },
});
