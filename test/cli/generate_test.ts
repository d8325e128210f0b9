/** `fewbit generate` and `eval --perplexity` as users run them. */
import assert from "node:assert/strict";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;
const MODEL = new URL("../../models/hgrn-bit-shakespeare.fewbit", import.meta.url).pathname;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function start(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", CLI, ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function fewbit(args: string[], input = ""): Promise<Result> {
  const child = start(args);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("cli: generate writes the prompt and goes on, the same for the same seed", async () => {
  const args = ["generate", "ROMEO:\n", "--seed", "4", "--max-tokens", "30"];
  const [first, second, piped, other] = await Promise.all([
    fewbit(args),
    fewbit([...args, "--engine", "wasm-simd"]),
    fewbit(["generate", "--seed", "4", "--max-tokens", "30", "--model", MODEL], "ROMEO:\n"),
    fewbit(["generate", "ROMEO:\n", "--seed", "5", "--max-tokens", "30"]),
  ]);
  assert.equal(first.code, 0);
  assert.ok(first.out.startsWith("ROMEO:\n") && first.out.length > 30, first.out);
  assert.equal(second.out, first.out);
  assert.equal(piped.out, first.out);
  assert.notEqual(other.out, first.out);
  assert.match(first.err, /\[length: \d+ prompt tokens \(\d+\/s\), 30 tokens \(\d+\/s\), wasm/);
});

Deno.test("cli: generate as JSON has ids, the reason and the usage; stop strings end it", async () => {
  const args = ["generate", "KING HENRY VI:\n", "--temperature", "0", "--json"];
  const whole = JSON.parse((await fewbit([...args, "--max-tokens", "40"])).out);
  assert.equal(whole.ids.length, 40);
  assert.equal(whole.finish_reason, "length");
  assert.equal(whole.usage.completion_tokens, 40);
  const stopped = JSON.parse((await fewbit([...args, "--stop", "\\n"])).out);
  assert.equal(stopped.finish_reason, "stop");
  assert.equal(stopped.text, whole.text.slice(0, whole.text.indexOf("\n")));
  const probable = JSON.parse(
    (await fewbit([...args, "--max-tokens", "2", "--logprobs", "2"])).out,
  );
  assert.equal(probable.tokens.length, 2);
  assert.ok(probable.tokens[0].top[0].logprob >= probable.tokens[0].top[1].logprob);
});

Deno.test({
  name: "cli: Ctrl-C stops generate cleanly",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = start(["generate", "ROMEO:", "--max-tokens", "1000000", "--seed", "1"]);
    await child.stdin.close();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGINT");
    while (!(await reader.read()).done);
    const { code } = await child.status;
    const err = await new Response(child.stderr).text();
    assert.equal(code, 130);
    assert.match(err, /interrupted/);
    assert.doesNotMatch(err, /at .*\.ts/);
  },
});

Deno.test("cli: eval --perplexity states its rule", async () => {
  const file = await Deno.makeTempFile({ suffix: ".txt" });
  try {
    await Deno.writeTextFile(file, "KING:\nTo be, or not to be, my lord.\n".repeat(20));
    const args = ["eval", MODEL, "--perplexity", file, "--window", "64"];
    const { out, code } = await fewbit(args);
    assert.equal(code, 0);
    assert.match(out, /^perplexity \d+\.\d+ {2}loss \d\.\d{4}/);
    assert.match(out, /windows of 64 tokens, no BOS, each from a zero state/);
    const json = JSON.parse((await fewbit([...args, "--json", "--state", "carry", "--bos"])).out);
    assert.equal(json.state, "carry");
    assert.ok(json.loss > 0 && json.bos);
  } finally {
    await Deno.remove(file);
  }
});

const MISTAKES: readonly (readonly [args: string[], message: RegExp])[] = [
  [["generate", ""], /no tokens/],
  [["generate", "a", "--temperature", "hot"], /--temperature/],
  [["generate", "a", "--top-p", "2"], /--top-p is 2/],
  [["generate", "a", "--max-tokens", "0"], /--max-tokens is 0/],
  [["generate", "a", "--seed", "-1"], /seed/],
  [["generate", "a", "--model", "missing"], /no such file/],
  [["generate", "a", "--model", CLI], /not a fewbit file/],
  [["eval", MODEL], /--images, --perplexity or --agree/],
  [["eval", MODEL, "--perplexity", "missing.txt"], /missing\.txt/],
  [["eval", MODEL, "--perplexity", CLI, "--skip", "1"], /--skip/],
  [["eval", MODEL, "--perplexity", CLI, "--state", "none"], /zero or carry/],
];

for (const [args, message] of MISTAKES) {
  const shown = args.map((arg) => arg.split("/").pop()).join(" ");
  Deno.test(`cli: ${shown}: one line, status 1`, async () => {
    const { code, err } = await fewbit(args);
    assert.equal(code, 1);
    assert.match(err, message);
    assert.equal(err.trim().split("\n").length, 1, err);
  });
}
