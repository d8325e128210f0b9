/**
 * A seeded fifth of the conformance cases, and the arithmetic of shaders, on Chromium's GPU in software, whose
 * compiler of shaders is another than that of `test/webgpu`.
 */
import assert from "node:assert/strict";
import { bundleModule } from "../../examples/bundle.ts";
import { decodeBase64, encodeBase64 } from "../../src/base64.ts";
import { ARITHMETIC, firstWrong } from "../webgpu/_arithmetic.ts";
import { CHROMIUM_TEST, WITH_GPU, withPage } from "./_chromium.ts";
import type { Page } from "./_chromium.ts";
import { checkAnswer, drawCases, prepared, sent } from "./_gpu_cases.ts";
import type { AnsweredCase } from "./_gpu_cases_run.ts";

/** Of each instruction so many cases of its fifth at most, so that all take some two minutes. */
const MOST_CASES = Number(Deno.env.get("FEWBIT_CHROMIUM_CASES") ?? 24);
/** No program of one instruction may take longer to compile and to run. */
const MOST_MILLISECONDS = 15_000;

/** A page that has `run.js` as `gpu`. */
async function withGpuPage(work: (page: Page) => Promise<void>): Promise<void> {
  const module = await bundleModule(new URL("_gpu_cases_run.ts", import.meta.url));
  const handler = (request: Request): Response =>
    request.url.endsWith("/run.js")
      ? new Response(module, { headers: { "content-type": "text/javascript" } })
      : new Response("<!doctype html><title>fewbit</title>", {
        headers: { "content-type": "text/html" },
      });
  await withPage(handler, async (page, origin) => {
    await page.goto(origin);
    await page.evaluate('import("./run.js").then((gpu) => { window.gpu = gpu; })');
    await work(page);
  }, WITH_GPU);
}

Deno.test({
  name: "hosts: Chromium's GPU gives the bytes of the reference, a seeded fifth of the cases",
  ...CHROMIUM_TEST,
  fn: async () => {
    const cases = drawCases(MOST_CASES);
    const longest = new Map<string, number>();
    await withGpuPage(async (page) => {
      for (const one of cases) {
        const ready = await prepared(one);
        const call = `gpu.runCase(${JSON.stringify(sent(ready))})`;
        const answer = await page.evaluate(call).catch((cause: Error) => {
          throw new Error(`${one.instruction}, case ${one.index}: ${cause.message}`, { cause });
        }) as AnsweredCase;
        await checkAnswer(one, ready, answer);
        const before = longest.get(one.instruction) ?? 0;
        longest.set(one.instruction, Math.max(before, answer.milliseconds));
      }
    });
    const times = [...longest].sort(([, a], [, b]) => b - a);
    console.log(
      `${cases.length} cases; the slowest to compile and run, in ms, of each instruction:`,
    );
    console.log(times.map(([name, time]) => `${name} ${Math.round(time)}`).join(", "));
    for (const [name, time] of times) assert.ok(time < MOST_MILLISECONDS, `${name}: ${time} ms`);
  },
});

Deno.test({
  name: "hosts: Chromium's GPU computes the arithmetic of shaders exactly",
  ...CHROMIUM_TEST,
  fn: async () => {
    await withGpuPage(async (page) => {
      for (const one of ARITHMETIC) {
        const words = one.words();
        const text = encodeBase64(new Uint8Array(words.buffer));
        const call = `gpu.runExpression(${JSON.stringify(one.expression)}, "${text}")`;
        const results = decodeBase64(await page.evaluate(call) as string)!;
        assert.equal(firstWrong(one, words, new Uint32Array(results.buffer)), undefined);
      }
    });
  },
});
