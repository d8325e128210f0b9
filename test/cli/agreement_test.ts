/** `fewbit eval --agree`: greedy tokens of two models, counted by hand. */
import assert from "node:assert/strict";
import { agreementOf } from "../../src/cli/_agreement.ts";
import { withFolder } from "../files/_temporary.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { fewbit } from "./_fewbit.ts";
import { writeTinyLlama } from "./_tiny_llama.ts";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import { inTinyFolder } from "./_tiny_llama2c.ts";

const TOKENS = 16;

Deno.test("agreement of integers with their float network is what single steps say", async () => {
  await inTinyFolder(async (folder, tiny) => {
    // 4 bits, so that they part somewhere.
    await quantizeTextFile({ ...tiny, bits: "w4a8", method: "rtn", check: 0 });
    using model = await TextGenerator.fromPretrained(tiny.output);
    await Deno.rename(`${folder}/pieces`, `${folder}/tok40.bin`);
    using float = await TextGenerator.fromPretrained(`${folder}/tiny.bin`);
    const prompt = "p5p9p11";
    const result = await agreementOf(model, float, prompt, TOKENS);
    const best = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));
    const next = async (lm: TextGenerator, ids: readonly number[]): Promise<number> => {
      const { data, shape: [, columns] } = await lm.logits(ids);
      return best((data as Float32Array).slice(-columns));
    };
    const begin = [1, ...model.tokenizer.encode(prompt, { addSpecialTokens: false }).ids];
    let [along, own, agreed, alike, parted] = [[...begin], [...begin], 0, 0, false];
    for (let i = 0; i < TOKENS; i++) {
      const id = await next(float, along);
      if (await next(model, along) === id) agreed++;
      const mine = await next(model, own);
      parted ||= mine !== id;
      if (!parted) alike++;
      along = [...along, id];
      own = [...own, mine];
    }
    assert.deepEqual(result, { tokens: TOKENS, agreed, alike });
    assert.deepEqual(await agreementOf(float, float, prompt, 8), {
      tokens: 8,
      agreed: 8,
      alike: 8,
    });
  });
});

Deno.test("cli: eval --agree says how many tokens are alike, and refuses other vocabularies", async () => {
  const own = new URL("../../models/stories260k.fewbit", import.meta.url).pathname;
  const same = await fewbit(["eval", own, "--agree", own, "--tokens", "8", "--json"]);
  assert.deepEqual(JSON.parse(same.out), {
    tokens: 8,
    agreed: 8,
    alike: 8,
    prompt: "Once upon a time",
  });
  const unfit = await fewbit(["eval", own, "--agree", own, "--window", "8"]);
  assert.match(unfit.err, /Option --window does not go with --agree/);
  const pair = await fewbit(["eval", own, "--perplexity", "x", "--tokens", "8"]);
  assert.match(pair.err, /Option --tokens does not go with --perplexity/);
  await withFolder(async (folder) => {
    await writeTinyLlama(`${folder}/tiny.bin`, `${folder}/tok261.bin`);
    const { code, err } = await fewbit(["eval", own, "--agree", `${folder}/tiny.bin`]);
    assert.equal(code, 1, err);
    assert.match(err, /whose ids are other pieces/);
    await Deno.writeTextFile(`${folder}/damaged.fewbit`, "none");
    for (const pair of [[own, `${folder}/damaged.fewbit`], [`${folder}/damaged.fewbit`, own]]) {
      const { err } = await fewbit(["eval", pair[0], "--agree", pair[1]]);
      assert.match(err, /damaged\.fewbit: /);
    }
  });
});
