/** `fewbit chat` and `fewbit prefill` as users run them. */
import assert from "node:assert/strict";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import type { ChatMessage } from "../../src/text/chat_template.ts";
import { withFolder } from "../files/_temporary.ts";
import { TINY_CHATS } from "../pipelines/_tiny_chats.ts";
import { fails, fewbit, start } from "./_fewbit.ts";

const SAMPLING = ["--seed", "5", "--max-tokens", "12"];

/** Runs a test with files of tiny models. */
async function withModels(
  test: (
    models: Readonly<Record<"rows" | "ring" | "recurrent", string>>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const models = { rows: "", ring: "", recurrent: "" };
    for (const name of Object.keys(models) as (keyof typeof models)[]) {
      models[name] = `${folder}/${name}.fewbit`;
      const file = TINY_CHATS[name === "rows" ? "rows of integers" : name];
      await Deno.writeFile(models[name], file);
    }
    await test(models, folder);
  });
}

/** The answers that a session gives in code. */
async function answers(
  model: string,
  lines: readonly string[],
  system?: string,
): Promise<string[]> {
  using lm = await TextGenerator.fromPretrained(model);
  using session = lm.session();
  let messages: readonly ChatMessage[] = system === undefined
    ? []
    : [{ role: "system", content: system }];
  const texts: string[] = [];
  for (const content of lines) {
    const options = { maxTokens: 12, ...texts.length === 0 && { seed: 5 } };
    let text = "";
    const asked = [...messages, { role: "user", content }];
    for await (const piece of session.chat(asked, options)) text += piece.text;
    texts.push(text);
    messages = session.messages;
  }
  return texts;
}

Deno.test("cli: chat answers each line of standard input, with all that was said before", async () => {
  await withModels(async ({ rows, ring, recurrent }) => {
    for (const model of [rows, ring, recurrent]) {
      const lines = ["hello", "/start <|im_end|>", "and more"];
      const system = "be kind";
      const input = lines.map((line) => line.replace(/^\//, "//")).join("\n");
      const args = ["chat", model, ...SAMPLING, "--system", system];
      const { code, out, err } = await fewbit(args, `${input}\n`);
      assert.equal(code, 0, err);
      const expected = await answers(model, lines, system);
      assert.equal(out, expected.map((text) => `${text}\n`).join(""));
      const json = await fewbit([...args, "--json"], input);
      const objects = json.out.trimEnd().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual(objects.map(({ content }) => content), expected);
      assert.deepEqual(
        objects.map(({ role, finish_reason, seed }) => [role, finish_reason, seed]),
        lines.map((_, i) => ["assistant", objects[i].finish_reason, 5]),
      );
      assert.ok(objects[2].usage.cached_tokens > objects[0].usage.prompt_tokens);
    }
  });
});

Deno.test("cli: chat says what it leaves out when the context is full", async () => {
  await withModels(async ({ rows }) => {
    const lines = ["a long first message", "a second one", "a third one", "a fourth one"];
    const args = ["chat", rows, ...SAMPLING, "--context", "120", "--json", "--system", "be kind"];
    const { code, out, err } = await fewbit(args, lines.join("\n"));
    assert.equal(code, 0, err);
    assert.match(
      err,
      /the context of 120 tokens is full: the oldest 2 messages are left out from now on/,
    );
    const objects = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(objects.length, 4);
    assert.ok(objects.some(({ dropped }) => dropped === 2));
    assert.ok(objects.every(({ usage }) => usage.prompt_tokens + 12 <= 120));
    await fails(
      args,
      /Cannot read \d+ ids: the conversation has 0 tokens, and at most 120/,
      1,
      "x".repeat(150),
    );
  });
});

Deno.test("cli: chat saves what was said, and no more, also where there is no answer yet", async () => {
  await withModels(async ({ rows, recurrent }, folder) => {
    for (const model of [rows, recurrent]) {
      const [first, last] = [`${folder}/first.state`, `${folder}/last.state`];
      const input = `/save ${first}\nhello\n/reset\n/save ${last}\nhello\n`;
      const { code, out, err } = await fewbit(
        ["chat", model, "--system", "Hi", ...SAMPLING],
        input,
      );
      assert.equal(code, 0, err);
      const [answer] = await answers(model, ["hello"], "Hi");
      assert.equal(out, `${answer}\n${answer}\n`);
      using lm = await TextGenerator.fromPretrained(model);
      for (const file of [first, last]) {
        using session = lm.session(await Deno.readFile(file));
        assert.deepEqual(session.messages, [{ role: "system", content: "Hi" }]);
      }
    }
  });
});

Deno.test("cli: chat has few commands, and says so", async () => {
  await withModels(async ({ rows }, folder) => {
    const state = `${folder}/said.state`;
    const args = ["chat", rows, ...SAMPLING];
    const input = `hello\n/save ${state}\n/help\n/reset\nhello\n\n/quit\nnobody hears this\n`;
    const { code, out, err } = await fewbit(args, input);
    assert.equal(code, 0, err);
    const [answer] = await answers(rows, ["hello"]);
    assert.equal(out, `${answer}\n${answer}\n`);
    assert.match(err, /said\.state: \d+ tokens\n\/reset/);
    // What was saved goes on as it would have.
    const [, second] = await answers(rows, ["hello", "more"]);
    const went = await fewbit([
      ...args.slice(0, 2),
      "--max-tokens",
      "12",
      "--temperature",
      "0",
      "--state",
      state,
      "--json",
    ], "more");
    const { content, usage } = JSON.parse(went.out);
    assert.ok(usage.cached_tokens > 20, went.out);
    assert.equal(typeof content, typeof second);
    await fails(args, /There is no \/frobnicate: \/help shows/, 1, "/frobnicate now");
    await fails(args, /\/save needs the name of a file/, 1, "/save");
    await fails([...args, "--system", "x", "--state", state], /one too many/);
    await fails(["chat"], /missing required argument 'model'/, 2);
    await fails(
      ["chat", new URL("../../models/hgrn-shakespeare.fewbit", import.meta.url).pathname],
      /no chat_template/,
    );
  });
});

Deno.test({
  name: "cli: Ctrl-C stops an answer, and without one the chat",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withModels(async ({ recurrent }) => {
      const child = start(["chat", recurrent, "--max-tokens", "1000000", "--temperature", "0"]);
      const writer = child.stdin.getWriter();
      let [heard, err] = [0, ""];
      const reading = (async () => {
        for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) err += text;
      })();
      const hearing = (async () => {
        for await (const { length } of child.stdout) heard += length;
      })();
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const say = async (line: string) => {
        const before = heard;
        await writer.write(new TextEncoder().encode(`${line}\n`));
        for (let i = 0; i < 200 && heard < before + 400; i++) await pause(50);
        assert.ok(heard >= before + 400, "it answers");
      };
      const stop = async () => {
        const notes = err.length;
        child.kill("SIGINT");
        for (let i = 0; i < 200 && err.length === notes; i++) await pause(50);
        await pause(100);
        const before = heard;
        await pause(200);
        assert.equal(heard, before, "it is silent");
      };
      for (const line of ["go on for ever", "once more", "and again"]) {
        await say(line);
        await stop();
      }
      child.kill("SIGINT");
      const { code } = await child.status;
      await Promise.all([hearing, reading]);
      await writer.close().catch(() => {});
      assert.equal(err, `${"[stopped]\n".repeat(3)}\nfewbit: interrupted\n`);
      assert.equal(code, 130);
    });
  },
});

Deno.test("cli: a prefilled state is loaded instead of read, and belongs to its model", async () => {
  await withModels(async ({ rows, ring, recurrent }, folder) => {
    const system = "you are a short and honest helper of few words";
    const [text, state] = [`${folder}/system.txt`, `${folder}/system.state`];
    await Deno.writeTextFile(text, `${system}\n`);
    for (const model of [rows, ring, recurrent]) {
      const made = await fewbit(["prefill", text, "-o", state, "--model", model]);
      assert.equal(made.code, 0, made.err);
      const tokens = Number(/system\.state: (\d+) tokens/.exec(made.out)![1]);
      assert.ok(tokens > system.length && tokens < system.length + 40);
      const chat = ["chat", model, ...SAMPLING, "--json"];
      const [computed, loaded] = await Promise.all([
        fewbit([...chat, "--system", system], "hi"),
        fewbit([...chat, "--state", state], "hi"),
      ]);
      const [a, b] = [computed, loaded].map(({ out }) => JSON.parse(out));
      assert.equal(b.content, a.content);
      assert.deepEqual([a.usage.cached_tokens, b.usage.cached_tokens], [0, tokens]);
      const wrong = model === rows ? ring : rows;
      await fails(["chat", wrong, "--state", state], /it is another program's/, 1, "hi");
      await fails(
        ["generate", "hi", "--model", wrong, "--state", state],
        /it is another program's/,
      );
      const good = await Deno.readFile(state);
      for (
        const bytes of [
          good.subarray(0, 100),
          good.map((byte, i) => i === good.length >> 1 ? byte ^ 1 : byte),
          new Uint8Array(0),
        ]
      ) {
        await Deno.writeFile(`${folder}/bad.state`, bytes);
        await fails(
          ["chat", model, "--state", `${folder}/bad.state`],
          /Cannot restore session|Cannot restore state/,
          1,
          "hi",
        );
      }
    }
    await fails(["chat", rows, "--state", `${folder}/none.state`], /no such file/);
    await fails(["prefill", text, "-o", state], /no chat_template/);
    // Raw text goes on where it ended.
    const raw = await fewbit(["prefill", text, "--raw", "-o", state, "--model", rows]);
    assert.equal(raw.code, 0, raw.err);
    const args = ["--model", rows, "--temperature", "0", "--max-tokens", "9", "--json"];
    const [whole, part] = await Promise.all([
      fewbit(["generate", `${system}\nyes`, ...args]),
      fewbit(["generate", "yes", "--state", state, ...args]),
    ]);
    assert.equal(JSON.parse(part.out).text, JSON.parse(whole.out).text);
  });
});
