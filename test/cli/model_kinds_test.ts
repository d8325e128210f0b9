/** Commands that get a model of another kind name what it is and what to use, in one line. */
import assert from "node:assert/strict";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";

const ROOT = new URL("../../", import.meta.url);
const CLI = new URL("cli.ts", ROOT).pathname;
const PICTURE = new URL("examples/fashion/000-ankle-boot.png", ROOT).pathname;
const IMAGES = new URL("models/vit-fashion-mnist.fewbit", ROOT).pathname;
const TEXTS = new URL("models/hgrn-shakespeare.fewbit", ROOT).pathname;

Deno.test("cli: 8 commands with a model of another kind", async () => {
  const root = await Deno.makeTempDir();
  try {
    const [encoder, language] = [`${root}/encoder`, `${root}/language`];
    writeTinyEncoder(encoder);
    await Deno.mkdir(language);
    await Deno.writeTextFile(`${language}/config.json`, '{"model_type":"hgrn_bit"}');
    await Deno.writeFile(`${language}/model.safetensors`, writeSafetensors(new Map()));
    const lines = `${root}/lines.txt`;
    await Deno.writeTextFile(lines, "a\n");
    const cases: [string[], RegExp][] = [
      [["classify", PICTURE, "--model", TEXTS], /this is a language model; use "fewbit generate"/],
      [["generate", "a", "--model", IMAGES], /this is an image classifier; use "fewbit classify"/],
      [["embed", IMAGES, "--input", lines], /this is an image classifier; use "fewbit classify"/],
      [["embed", TEXTS, "--input", lines], /this is a language model; use "fewbit generate"/],
      [
        ["quantize", language, "-o", `${root}/x`],
        /this is a language model; use "fewbit generate"/,
      ],
      [["quantize", language, "--images", `${ROOT.pathname}examples/fashion`], /a language model/],
      [
        ["convert", encoder, "-o", `${root}/x`],
        /this is a sentence encoder; use "fewbit quantize"/,
      ],
      [["generate", "a", "--model", encoder], /this is a sentence encoder; use "fewbit quantize"/],
    ];
    const run = async (args: string[]): Promise<[number, string]> => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-A", CLI, ...args],
        env: { NO_COLOR: "1" },
        cwd: root,
      }).output();
      return [code, new TextDecoder().decode(stderr)];
    };
    for (const [args, message] of cases) {
      const [code, err] = await run(args);
      assert.equal(code, 1, `${args}: ${err}`);
      assert.match(err, message);
      assert.equal(err.trim().split("\n").length, 1, err);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
