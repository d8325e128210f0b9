/** `fewbit convert`: options that do nothing for a checkpoint are refused before it is read. */
import assert from "node:assert/strict";
import { newProgram } from "../../src/cli/_program.ts";
import convertCommand from "../../src/cli/convert.ts";

Deno.test("cli: convert refuses what is for checkpoints of another kind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const at = (name: string): string => `${folder}/${name}`;
    await Deno.mkdir(at("llama"));
    for (const name of ["m.gguf", "m.bin", "m.fewbit", "m.pth", "v"]) {
      await Deno.writeTextFile(at(name), "");
    }
    for (
      const [model, option, says] of [
        ["llama", "--tokenizer", /--tokenizer does not go with .*llama, which has its own/],
        ["m.gguf", "--tokenizer", /--tokenizer does not go with .*m\.gguf, which has its own/],
        ["m.bin", "--config", /--config does not go with a language model/],
        ["llama", "--heads", /--heads does not go with a language model/],
        ["m.fewbit", "--image-size", /--image-size does not go with a \.fewbit/],
        ["m.pth", "--tokenizer", /--tokenizer does not go with a checkpoint of I-ViT/],
      ] as const
    ) {
      const program = newProgram("1");
      convertCommand(program.command("convert"), new AbortController().signal);
      const args = ["convert", at(model), option, at("v"), "-o", at("out.fewbit")];
      await assert.rejects(program.parseAsync(args, { from: "user" }), {
        code: "invalid_argument",
        message: says,
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
