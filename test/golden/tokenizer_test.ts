/** The tokenizer of the language model that ships: byte-level BPE over Shakespeare. */
import assert from "node:assert/strict";
import { readTokenizer } from "../../src/checkpoints/tokenizer_folder.ts";
import { Detokenizer } from "../../src/text/detokenizer.ts";
import { absent, readJson, SHARED } from "./_shared.ts";

const FOLDER = `${SHARED}/data/hgrn-shakespeare`;
const TEXT = `${SHARED}/data/tinyshakespeare`;

Deno.test({
  name: "ids of the prompt and text of the greedy ids are the oracle's",
  ignore: absent(FOLDER),
  async fn() {
    const tokenizer = await readTokenizer(FOLDER);
    const { prompt, prompt_ids, greedy_ids, text } = readJson(
      "data/hgrn-shakespeare/expected.json",
    );
    assert.deepEqual([...tokenizer.encode(prompt).ids], prompt_ids);
    assert.equal(tokenizer.decode(greedy_ids), text);
    const detokenizer = new Detokenizer(tokenizer, { context: prompt_ids });
    const pieces = greedy_ids.map((id: number) => detokenizer.push(id));
    assert.equal(pieces.join("") + detokenizer.flush(), text);
    assert.equal(tokenizer.vocabSize, 1024);
  },
});

Deno.test({
  name: "tinyshakespeare comes back from its ids, at once and token by token",
  ignore: absent(FOLDER, TEXT),
  async fn() {
    const tokenizer = await readTokenizer(FOLDER);
    let read = 0;
    for await (const { name } of Deno.readDir(TEXT)) {
      if (!name.endsWith(".txt")) continue;
      const whole = await Deno.readTextFile(`${TEXT}/${name}`);
      for (let at = 0; at < whole.length; at += 2 ** 18) {
        const text = whole.slice(at, at + 2 ** 18);
        const { ids } = tokenizer.encode(text);
        assert.ok(ids.length < text.length / 2);
        assert.equal(tokenizer.decode(ids), text);
        const detokenizer = new Detokenizer(tokenizer);
        let streamed = "";
        for (const id of ids.subarray(0, 20_000)) streamed += detokenizer.push(id);
        assert.ok(streamed.length > 20_000 && text.startsWith(streamed));
        read += text.length;
      }
    }
    assert.ok(read > 1_000_000, `${read} code units`);
  },
});
