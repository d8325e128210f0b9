/** Pipelines that are given an instance: several on one, and what is none. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { EmbeddingModel } from "../../src/pipelines/embedding/embedding_model.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";

const MODEL = new URL("../../models/hgrn-shakespeare.fewbit", import.meta.url);

Deno.test("two generators on one instance have sessions of their own", async () => {
  using instance = await load(await Deno.readFile(MODEL), { symbols: { sessions: 2 } });
  const [first, second] = [new TextGenerator(instance), new TextGenerator(instance)];
  const prompts = ["ROMEO:", "KING RICHARD III:"];
  const options = { seed: 3, temperature: 0.8, maxTokens: 12 };
  const alone = [];
  for (const prompt of prompts) alone.push(await first.complete(prompt, options));
  const together = await Promise.all([
    first.complete(prompts[0], options),
    second.complete(prompts[1], options),
  ]);
  assert.deepEqual(together, alone);
  {
    using _one = first.session();
    using _two = second.session();
    for (const generator of [first, second]) {
      assert.throws(() => generator.session(), {
        code: "limit_exceeded",
        message: /all 2 are in use/,
      });
    }
  }
  using _again = second.session();
});

Deno.test("a pipeline of what is no instance is refused", () => {
  for (const Pipeline of [TextGenerator, ImageClassifier, EmbeddingModel]) {
    for (const value of [undefined, null, {}, 3, "model.fewbit", new Uint8Array(8)]) {
      assert.throws(() => new Pipeline(value as never), {
        name: "FewbitError",
        code: "invalid_argument",
        message: /expected a loaded instance/,
      });
    }
  }
});
