/** The sections of README.md that need a model from elsewhere, word by word. */
import assert from "node:assert/strict";
import { copyOfTree } from "../../tools/checkout.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { assertShown, readmeSamples } from "../examples/readme.ts";
import { absent } from "./_shared.ts";

const SECTIONS = [
  { section: "Chat", model: "smollm2", file: "SmolLM2-135M-Instruct.Q4_1.gguf" },
  { section: "Sentence embeddings", model: "minilm", file: "model.safetensors" },
] as const;

for (const { section, model, file } of SECTIONS) {
  Deno.test({
    name: `README: ${section}, word by word`,
    ignore: absent(`${modelFolder(model)}/${file}`),
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await copyOfTree(folder);
        await Deno.mkdir(`${folder}/.models`);
        await Deno.symlink(modelFolder(model), `${folder}/.models/${model}`);
        const samples = (await readmeSamples()).filter((sample) => sample.section === section);
        assert.ok(samples.length >= 2);
        for (const { language, text, ...sample } of samples) {
          if (language === "ts") await Deno.writeTextFile(`${folder}/sample.ts`, text);
          const { success, stdout, stderr } = await new Deno.Command("sh", {
            args: ["-ec", language === "sh" ? text : "deno run -A sample.ts"],
            cwd: folder,
            env: { FEWBIT_MODELS: `${folder}/.models`, NO_COLOR: "1" },
          }).output();
          assert.ok(success, new TextDecoder().decode(stderr));
          assertShown(new TextDecoder().decode(stdout), { language, text, ...sample });
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
