/**
 * The chat of examples/chat, in workerd and in Chromium, with a tiny model or with another one:
 * `FEWBIT_STORIES=/path/smollm2.fewbit`, of which the memory is printed.
 */
import assert from "node:assert/strict";
import { chatPage, chatWorker } from "../../examples/chat/build.ts";
import { writeParts } from "../../src/cli/_write_parts.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { ChatMessage } from "../../src/text/chat_template.ts";
import { TINY_CHATS } from "../pipelines/_tiny_chats.ts";
import { CHROMIUM_TEST, withPage } from "./_chromium.ts";
import { heapWatch } from "./_heap_watch.ts";
import { scratchFolder } from "./_picture.ts";
import { startWorkerd } from "./_workerd.ts";

/** Most bytes of an isolate. */
const MOST_MEMORY_BYTES = 128e6;
/** Where to put a picture of the page, for people to look at. */
const SCREENSHOT = Deno.env.get("FEWBIT_SCREENSHOT");

const GIVEN = Deno.env.get("FEWBIT_STORIES");
const FILE = GIVEN === undefined ? TINY_CHATS["rows of integers"] : await Deno.readFile(GIVEN);
/** Greedy would not be: the model draws by its defaults, and the first seed is random. */
const QUESTIONS = ["What is the capital of France? <|im_end|>", "And of Italy?"];

/** A folder with the page, the parts of the model, and the Worker. */
async function fill(folder: string): Promise<void> {
  await Deno.copyFile(new URL("chat/config.capnp", import.meta.url), `${folder}/config.capnp`);
  await Deno.writeTextFile(`${folder}/worker.js`, await chatWorker());
  await Deno.mkdir(`${folder}/assets`);
  for (const [name, text] of await chatPage()) {
    await Deno.writeTextFile(`${folder}/assets/${name}`, text);
  }
  const size = GIVEN === undefined ? 30_000 : 20_000_000;
  const { index } = await writeParts(
    `${folder}/assets/model.fewbit`,
    FILE,
    size,
    new AbortController().signal,
  );
  assert.ok(index.parts.length > 1);
}

const post = (origin: string, body: unknown): Promise<Response> =>
  fetch(`${origin}/chat`, { method: "POST", body: JSON.stringify(body) });

/** Whether an answer is one that the model gives: its ids are drawn, so its tokens are compared one by one. */
async function expectGreedy(answers: readonly string[]): Promise<void> {
  using lm = await TextGenerator.fromPretrained(FILE, { context: 400 });
  using session = lm.session();
  let messages: ChatMessage[] = [];
  for (const [i, content] of QUESTIONS.entries()) {
    messages = [...messages, { role: "user", content }];
    let text = "";
    for await (const piece of session.chat(messages, { temperature: 0, maxTokens: 256 })) {
      text += piece.text;
    }
    assert.equal(answers[i], text);
    messages = [...messages, { role: "assistant", content: text }];
  }
}

Deno.test("hosts: the Worker chats in workerd, from parts, within an isolate's memory", async () => {
  using folder = scratchFolder();
  await fill(folder.path);
  await using server = await startWorkerd(folder.path, true);
  const { origin } = server;
  using heap = await heapWatch(server.inspectorPort!);
  const idle = await (await fetch(`${origin}/health`)).json();
  assert.deepEqual(idle, { loaded: false, memory_bytes: 0 });
  const start = performance.now();
  const answers: string[] = [];
  let messages: ChatMessage[] = [];
  for (const content of QUESTIONS) {
    messages = [...messages, { role: "user", content }];
    const response = await post(origin, { messages, temperature: 0 });
    assert.equal(response.status, 200, await response.clone().text());
    answers.push(await response.text());
    messages = [...messages, { role: "assistant", content: answers.at(-1)! }];
  }
  const ms = performance.now() - start;
  await expectGreedy(answers);
  for (const body of [{}, [], null, { messages: 1 }, { messages: [{}] }, { messages: ["x"] }]) {
    assert.equal((await post(origin, body)).status, 400, JSON.stringify(body));
  }
  const long = [{ role: "user", content: "word ".repeat(9000) }];
  assert.equal((await post(origin, { messages: long })).status, 400);
  assert.equal((await post(origin, { messages: "x".repeat(70_000) })).status, 400);
  assert.equal((await fetch(`${origin}/chat`)).status, 405);
  // One at a time; who goes away makes room.
  const leaving = new AbortController();
  const first = await fetch(`${origin}/chat`, {
    method: "POST",
    body: JSON.stringify({ messages, temperature: 0 }),
    signal: leaving.signal,
  });
  await first.body!.cancel();
  leaving.abort();
  let status = 429;
  for (let i = 0; i < 50 && status === 429; i++) {
    const again = await post(origin, { messages, temperature: 0 });
    await again.text();
    status = again.status;
    if (status === 429) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(status, 200);
  const { memory_bytes } = await (await fetch(`${origin}/health`)).json();
  const used = await heap.peakBytes();
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    `chat in workerd: wasm ${megabytes(memory_bytes)} + V8 heap ${megabytes(used)} at most = ` +
      `${megabytes(memory_bytes + used)}, two answers in ${(ms / 1000).toFixed(1)} s with loading`,
  );
  assert.ok(memory_bytes + used <= MOST_MEMORY_BYTES);
});

Deno.test("hosts: the page chats in Chromium, by itself", CHROMIUM_TEST, async () => {
  using folder = scratchFolder();
  await fill(folder.path);
  const types: Record<string, string> = { html: "text/html", js: "text/javascript" };
  const handler = (request: Request): Response => {
    const name = new URL(request.url).pathname.slice(1) || "index.html";
    try {
      const bytes = Deno.readFileSync(`${folder.path}/assets/${name}`);
      const type = types[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      return new Response(bytes, { headers: { "content-type": type } });
    } catch {
      return new Response("Not found", { status: 404 });
    }
  };
  await withPage(handler, async (page, origin) => {
    const problems: string[] = [];
    page.on("pageerror", (problem) => problems.push(problem.message));
    await page.goto(`${origin}?temperature=0`);
    for (const question of QUESTIONS) {
      await page.fill("#say", question);
      await page.press("#say", "Enter");
      await page.waitForSelector("#send:enabled", { timeout: 60_000 });
      assert.equal(await page.textContent("#error"), "");
    }
    await expectGreedy(await page.locator(".assistant").allTextContents());
    assert.match(
      await page.textContent("#status") ?? "",
      /^\d+ tokens read, [1-9]\d* of them before;/,
    );
    if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT });
    await page.click("#anew");
    assert.equal(await page.locator("#said p").count(), 0);
    assert.deepEqual(problems, []);
  });
});
