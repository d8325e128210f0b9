/** The commands as a newcomer and as a careless user run them. */
import assert from "node:assert/strict";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;
const ROOT = new URL("../../", import.meta.url);
const PICTURE = new URL("examples/fashion/000-ankle-boot.png", ROOT).pathname;
const CHECKPOINT = new URL("test/vectors/tiny/deit.safetensors", ROOT).pathname;

async function fewbit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", CLI, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

const COMMANDS = "classify generate embed search quantize convert eval inspect bench".split(" ");

Deno.test("cli: the help text names every command, and each has its own", async () => {
  const { out, code } = await fewbit("--help");
  assert.equal(code, 0);
  for (const command of COMMANDS) assert.match(out, new RegExp(command));
  const helps = await Promise.all(COMMANDS.map((command) => fewbit(command, "--help")));
  helps.forEach(({ code, out }, i) => {
    assert.equal(code, 0);
    assert.match(out, new RegExp(`fewbit ${COMMANDS[i]}`));
  });
  assert.equal((await fewbit()).out, out);
  assert.equal((await fewbit("help")).out, out);
  assert.equal((await fewbit("help", "classify")).out, helps[0].out);
  assert.equal((await fewbit("--version")).out, "0.1.0\n");
});

Deno.test("cli: classify the picture with the shipped model, as text and as JSON", async () => {
  const text = await fewbit("classify", PICTURE);
  assert.match(text.out, /Ankle boot/);
  const json = await fewbit("classify", PICTURE, "--json", "--engine", "wasm-simd", "--top", "2");
  const result = JSON.parse(json.out);
  assert.equal(result.top.length, 2);
  assert.equal(result.top[0].label, "Ankle boot");
  assert.match(text.out, new RegExp(result.logits_f32_sha256));
});

Deno.test("cli: convert, inspect and classify a checkpoint of I-ViT", async () => {
  const model = await Deno.makeTempFile({ suffix: ".fewbit" });
  try {
    assert.equal((await fewbit("convert", CHECKPOINT, "--heads", "2", "-o", model)).code, 0);
    const { out } = await fewbit("inspect", model);
    assert.match(out, /attention_i8/);
    assert.equal((await fewbit("classify", PICTURE, "--model", model)).code, 0);
  } finally {
    await Deno.remove(model);
  }
});

const MISTAKES: readonly (readonly [args: string[], message: RegExp])[] = [
  [["classify", "missing.png"], /no such file/],
  [["classify", PICTURE, "--engine", "gpu"], /expected auto or wasm/],
  [["classify", PICTURE, "--top", "0"], /--top/],
  [["classify", PICTURE, "--model", PICTURE], /not a fewbit file/],
  [["classify", CLI], /Cannot decode/],
  [["quantize", "missing", "--images", "x"], /no such folder/],
  [["quantize", "missing", "--images", "x", "--bits", "w2a2"], /w8a8 or w7a8/],
  [["convert", PICTURE], /Cannot read/],
  [["eval", "missing.fewbit", "--images", "missing"], /no missing/],
  [["inspect", PICTURE], /not a fewbit file/],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`cli: ${args.join(" ").replaceAll(ROOT.pathname, "")} fails with one line`, async () => {
    const { code, err } = await fewbit(...args);
    assert.equal(code, 1, err);
    assert.match(err, message);
    assert.equal(err.trim().split("\n").length, 1, err);
  });
}
