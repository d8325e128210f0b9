/** "Sentence embeddings" of README.md, word by word, with all-MiniLM-L6-v2. */
import assert from "node:assert/strict";
import { copyOfTree } from "../../tools/checkout.ts";
import { modelFolder } from "../../tools/fetch_model.ts";
import { assertShown, readmeSamples } from "../examples/readme.ts";
import { absent } from "./_shared.ts";

Deno.test({
  name: "README: sentence embeddings, word by word",
  ignore: absent(`${modelFolder("minilm")}/model.safetensors`),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await copyOfTree(folder);
      await Deno.mkdir(`${folder}/.models`);
      await Deno.symlink(modelFolder("minilm"), `${folder}/.models/minilm`);
      const samples = (await readmeSamples())
        .filter(({ section }) => section === "Sentence embeddings");
      assert.ok(samples.length >= 2);
      for (const sample of samples) {
        if (sample.language === "ts") await Deno.writeTextFile(`${folder}/sample.ts`, sample.text);
        const { success, stdout, stderr } = await new Deno.Command("sh", {
          args: ["-ec", sample.language === "sh" ? sample.text : "deno run -A sample.ts"],
          cwd: folder,
          env: { FEWBIT_MODELS: `${folder}/.models`, NO_COLOR: "1" },
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        assertShown(new TextDecoder().decode(stdout), sample);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
