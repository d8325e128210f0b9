/** `fewbit serve` as its users and their clients see it. */
import assert from "node:assert/strict";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { CALIBRATION, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { storiesFile } from "../serve/_text_server.ts";
import { fails, fewbit, start } from "./_fewbit.ts";

interface Serving extends AsyncDisposable {
  readonly line: string;
  readonly base: string;
  readonly process: Deno.ChildProcess;
  /** What it has written on standard error when it has ended, and its status. */
  end(): Promise<{ readonly code: number; readonly log: string }>;
}

/** Starts a server on any free port. */
async function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Serving> {
  const process = start(["serve", ...args, "--port", "0"], { env: { NO_COLOR: "1", ...env } });
  const log = new Response(process.stderr).text();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) assert.fail(`it ended: ${await log}`);
    line += value;
  }
  await reader.cancel();
  const base = /http:\/\/[^/ ]+/.exec(line)![0];
  const end = async () => ({ code: (await process.status).code, log: await log });
  return {
    line,
    base,
    process,
    end,
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await end();
    },
  };
}

function post(base: string, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${base}/v1/completions`, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
}

const PROMPT = "Once upon a secret time";

Deno.test("serve: what the model writes, one line a request, an end by Ctrl-C", async () => {
  const file = await Deno.makeTempFile({ suffix: ".fewbit" });
  try {
    await Deno.writeFile(file, await storiesFile());
    await using server = await serve([file, "--name", "stories", "--parallel", "2"]);
    assert.match(
      server.line,
      /^stories at http:\/\/127\.0\.0\.1:\d+\/v1 \(wasm-\w+, 2 answers at a time\)\n$/,
    );
    using lm = await TextGenerator.fromPretrained(file);
    const body = { prompt: PROMPT, seed: 4, max_tokens: 12 };
    const expected = await lm.complete(PROMPT, { seed: 4, maxTokens: 12 });
    const answers = await Promise.all([1, 2, 3, 4].map(async () => {
      const { choices } = await (await post(server.base, body)).json();
      return choices[0].text;
    }));
    assert.deepEqual(answers, Array(4).fill(expected));
    // Nobody waits for the rest.
    const gone = await post(server.base, { ...body, stream: true, max_tokens: 400 });
    await gone.body!.cancel();
    assert.equal((await fetch(`${server.base}/v1/nothing-secret`)).status, 404);
    const { headers } = await fetch(`${server.base}/health`);
    assert.equal(headers.get("access-control-allow-origin"), null);
    for (;;) {
      const { active, waiting } = await (await fetch(`${server.base}/health`)).json();
      if (active + waiting === 0) break;
    }
    // What is being written is written to its end.
    const stream = await post(server.base, { ...body, stream: true, max_tokens: 300 });
    server.process.kill("SIGINT");
    const text = await stream.text();
    assert.match(text, /"finish_reason":"(?:length|stop)".*\n\ndata: \[DONE\]\n\n$/);
    const { code, log } = await server.end();
    assert.equal(code, 130);
    const lines = log.trimEnd().split("\n");
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    const prompt = lm.tokenizer.encode(PROMPT).ids.length;
    const answered = new RegExp(
      `^${time} POST /v1/completions 200 ${prompt} prompt tokens, 12 tokens, first after \\d+ ms, \\d+ ms$`,
    );
    assert.equal(lines.filter((line) => answered.test(line)).length, 4);
    assert.ok(lines.some((line) => / POST \/v1\/completions 499 /.test(line)), log);
    assert.ok(lines.some((line) => / GET - 404 \d+ ms$/.test(line)));
    assert.ok(lines.some((line) => /^fewbit: stopping/.test(line)));
    assert.doesNotMatch(log, /secret|upon/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("serve: a second Ctrl-C ends it at once; a key is asked for; pages may ask", async () => {
  const key = { FEWBIT_API_KEY: "sesame" };
  await using server = await serve(["--cors", "https://a.example", "--max-queue", "0"], key);
  assert.match(server.line, /^hgrn-bit-shakespeare at /);
  const body = { prompt: "ROMEO:", max_tokens: 60_000, stream: true };
  const refused = await post(server.base, body);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("access-control-allow-origin"), "https://a.example");
  await refused.body!.cancel();
  const authorization = "Bearer sesame";
  const stream = await post(server.base, body, { headers: { authorization } });
  assert.equal(stream.status, 200);
  const rest = stream.text().catch(() => "cut off");
  server.process.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 200));
  server.process.kill("SIGINT");
  const { code, log } = await server.end();
  assert.equal(code, 130);
  assert.doesNotMatch(log, /sesame/);
  await rest;
});

Deno.test("serve: answers that do not end in time are ended", async () => {
  await using server = await serve(["--drain", "0.2"]);
  const stream = await post(server.base, { prompt: "A", max_tokens: 60_000, stream: true });
  server.process.kill("SIGTERM");
  assert.match(await stream.text(), /"error":\{"message":"The server is stopping\."/);
  assert.equal((await server.end()).code, 143);
});

Deno.test("serve: a sentence encoder answers with embeddings", async () => {
  const folder = await Deno.makeTempDir();
  try {
    writeTinyEncoder(folder);
    const encoder = await readEncoderFolder(folder);
    const program = await quantizeEncoder(encoder, { texts: CALIBRATION, name: "tiny" });
    await Deno.writeFile(`${folder}/tiny.fewbit`, await encodeProgram(program));
    await using server = await serve([`${folder}/tiny.fewbit`]);
    assert.match(server.line, /^tiny at .*embeddings/);
    const response = await fetch(`${server.base}/v1/embeddings`, {
      method: "POST",
      body: JSON.stringify({ input: "the cat", model: "tiny" }),
      headers: { "content-type": "application/json" },
    });
    const { data, usage } = await response.json();
    assert.ok(data[0].embedding.length > 0 && usage.prompt_tokens > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("serve: what cannot be served is one line", async () => {
  await fails(["serve", "--port", "65536"], /--port is "65536", expected 1 to 65535/);
  await fails(["serve", "--parallel", "0"], /--parallel is "0"/);
  await fails(["serve", "--drain", "soon"], /--drain is "soon"/);
  await fails(["serve", "nothing.fewbit"], /nothing\.fewbit/);
  await fails(["serve", "--host", "192.0.2.1"], /Cannot listen on 192\.0\.2\.1:8000/);
  const classifier = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url).pathname;
  await fails(["serve", classifier], /Cannot serve: this is an image classifier/);
  using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  await fails(["serve", "--port", String(taken.addr.port)], /Cannot listen on 127\.0\.0\.1:\d+/);
  const { out } = await fewbit(["serve", "--help"]);
  assert.match(out, /Examples:\n {2}fewbit serve/);
});
