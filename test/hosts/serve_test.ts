/** OpenAI's own clients against all servers of a language model: the same texts, whole and streamed. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
// deno-lint-ignore no-import-prefix -- the version of openai_test.ts
import OpenAI from "npm:openai@7.59.0";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { eventsOf, storiesFile } from "../serve/_text_server.ts";
import { NPM_HOSTS_MISSING } from "./_npm_host.ts";
import { capture, missing, scratchFolder } from "./_picture.ts";
import { SERVERS } from "./_serve_stories.ts";

const CLIENT = "openai==3.57.0";
const MODEL = "stories";
const PROMPT = "Once upon a time";
const MESSAGES = [{ role: "user" as const, content: "Tell me a story" }];
const OPTIONS = { seed: 5, temperature: 0.8, max_tokens: 24 };

const file = await storiesFile();
const lm = await TextGenerator.fromPretrained(file);
const options = { seed: 5, temperature: 0.8, maxTokens: 24 };
const completed = await lm.complete(PROMPT, options);
const said = await lm.complete(MESSAGES, options);

async function npmClient(baseURL: string): Promise<void> {
  const client = new OpenAI({ baseURL, apiKey: "any", maxRetries: 0 });
  const whole = await client.completions.create({ model: MODEL, prompt: PROMPT, ...OPTIONS });
  assert.equal(whole.choices[0].text, completed);
  assert.equal(whole.usage?.completion_tokens, 24);
  let text = "";
  const stream = await client.completions.create({
    model: MODEL,
    prompt: PROMPT,
    ...OPTIONS,
    stream: true,
  });
  for await (const { choices } of stream) text += choices[0].text;
  assert.equal(text, completed);
  const chat = await client.chat.completions.create({
    model: MODEL,
    messages: MESSAGES,
    ...OPTIONS,
    logprobs: true,
    top_logprobs: 2,
  });
  assert.equal(chat.choices[0].message.content, said);
  assert.equal(chat.choices[0].logprobs?.content?.map(({ token }) => token).join(""), said);
  const runner = client.chat.completions.stream({
    model: MODEL,
    messages: MESSAGES,
    ...OPTIONS,
    stream_options: { include_usage: true },
  });
  assert.equal(await runner.finalContent(), said);
  assert.equal((await runner.totalUsage()).completion_tokens, 24);
  const names: string[] = [];
  for await (const { id } of client.models.list()) names.push(id);
  assert.deepEqual(names, [MODEL]);
  await assert.rejects(
    client.chat.completions.create({ model: "gpt-5", messages: MESSAGES }),
    { status: 404, code: "model_not_found", param: "model" },
  );
  await assert.rejects(
    client.completions.create({ model: MODEL, prompt: Array(3000).fill(5) }),
    { status: 400, code: "context_length_exceeded" },
  );
}

/** Ten clients at once, of whom every second one leaves: the others get what they would have got alone. */
async function crowd(origin: string): Promise<void> {
  await Promise.all(Array.from({ length: 10 }, async (_, i) => {
    const controller = new AbortController();
    const response = await fetch(`${origin}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        prompt: PROMPT,
        ...OPTIONS,
        max_tokens: i % 2 ? 400 : 24,
        stream: true,
      }),
      signal: controller.signal,
    });
    if (i % 2 === 0) {
      const events = await eventsOf(response) as { choices: { text: string }[] }[];
      assert.equal(events.map(({ choices }) => choices[0].text).join(""), completed);
    } else if (i % 4 === 1) {
      await response.body!.getReader().read();
      controller.abort();
    } else controller.abort();
  }));
  for (let tries = 0;; tries++) {
    const { active, waiting } = await (await fetch(`${origin}/health`)).json();
    if (active + waiting === 0) break;
    assert.ok(tries < 200, `${active} are still being answered, ${waiting} wait`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A folder with OpenAI's client for Python. */
async function pythonClient(folder: string): Promise<void> {
  await capture("python3", ["-m", "pip", "install", "-q", "--target", folder, CLIENT]);
}

async function pypiClient(origin: string, packages: string): Promise<void> {
  const env = { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" };
  const script = fileURLToPath(new URL("openai_text_client.py", import.meta.url));
  assert.deepEqual(JSON.parse(await capture("python3", [script, `${origin}/v1`], { env })), {
    completed,
    completed_stream: completed,
    said,
    said_stream: said,
    usage: 24,
    refused: ["NotFoundError", "BadRequestError"],
  });
}

Deno.test({
  name: "hosts: the openai clients of npm and PyPI complete and chat with servers on all hosts",
  ignore: NPM_HOSTS_MISSING || missing("python3"),
  fn: async (t) => {
    using packages = scratchFolder();
    await pythonClient(packages.path);
    for (const [name, start] of Object.entries(SERVERS)) {
      using folder = scratchFolder();
      const path = `${folder.path}/stories.fewbit`;
      await Deno.writeFile(path, file);
      await using server = await start(path, folder.path);
      await t.step(`${name}: npm`, () => npmClient(`${server.origin}/v1`));
      await t.step(`${name}: many who come and leave`, () => crowd(server.origin));
      await t.step(`${name}: PyPI`, () => pypiClient(server.origin, packages.path));
    }
  },
});
