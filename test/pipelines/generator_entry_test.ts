/** The small entry for language models beside the whole of fewbit. */
import assert from "node:assert/strict";
import { FewbitError, loadGenerator } from "../../src/generator.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";

const at = (name: string): URL => new URL(`../../models/${name}`, import.meta.url);
const MODEL = await Deno.readFile(at("hgrn-bit-shakespeare.fewbit"));
const OPTIONS = { seed: 3, maxTokens: 30, temperature: 0.9 };
const PROMPT = "HAMLET:\nTo ";

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof FewbitError && error.code === expected;
}

Deno.test("loadGenerator writes what TextGenerator writes, from bytes and from a stream", async () => {
  using whole = await TextGenerator.fromPretrained();
  const expected = await whole.complete(PROMPT, OPTIONS);
  for (const source of [MODEL, new Response(MODEL), new Blob([MODEL])]) {
    using lm = await loadGenerator(source);
    assert.equal(await lm.complete(PROMPT, OPTIONS), expected);
    assert.equal(lm.memoryBytes, whole.memoryBytes);
  }
});

Deno.test("loadGenerator has room for the conversations that it is told", async () => {
  using lm = await loadGenerator(MODEL, { sessions: 2, chunkSize: 8 });
  using first = lm.session();
  await first.append(PROMPT);
  using second = await first.fork();
  const texts: string[] = [];
  for (const session of [first, second]) {
    let text = "";
    for await (const piece of session.generate(" be", OPTIONS)) text += piece.text;
    texts.push(text);
  }
  assert.ok(texts[0].length > 20);
  assert.equal(texts[0], texts[1]);
  assert.throws(() => lm.session(), code("limit_exceeded"));
});

Deno.test("loadGenerator refuses what is no language model, and what is not there", async () => {
  const picture = await Deno.readFile(at("vit-fashion-mnist.fewbit"));
  await assert.rejects(loadGenerator(picture), (error) => {
    assert.ok(code("unsupported")(error));
    assert.match(String(error), /use "fewbit classify" or ImageClassifier/);
    return true;
  });
  await assert.rejects(loadGenerator(MODEL.subarray(0, 5000)), code("invalid_file"));
  await assert.rejects(loadGenerator(new Response("", { status: 404 })), code("not_found"));
});
