/** `fewbit` on a Llama of llama2.c: converted, shown, asked, measured. */
import assert from "node:assert/strict";
import { fails, fewbit } from "./_fewbit.ts";
import { writeTinyLlama } from "./_tiny_llama.ts";

Deno.test("cli: a model of llama2.c is converted with its vocabulary, and writes on", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const model = `${folder}/tiny.bin`;
    await writeTinyLlama(model, `${folder}/pieces`);
    const output = `${folder}/model.fewbit`;
    const converted = await fewbit([
      "convert",
      model,
      "--tokenizer",
      `${folder}/pieces`,
      "-o",
      output,
    ]);
    assert.equal(converted.code, 0, converted.err);
    const inspected = await fewbit(["inspect", output]);
    for (const name of ["LlamaForCausalLM", "attention_cached_f32", "logits f32[rows, 261]"]) {
      assert.ok(inspected.out.includes(name), `${name} in\n${inspected.out}`);
    }
    const generate = ["a", "--temperature", "0", "--max-tokens", "4", "--json"];
    const written = await fewbit(["generate", "--model", output, ...generate]);
    assert.equal(written.code, 0, written.err);
    const { ids, usage } = JSON.parse(written.out);
    assert.deepEqual([ids.length, usage.prompt_tokens], [4, 3]);
    // As it lies there, with the vocabulary beside it.
    await Deno.rename(`${folder}/pieces`, `${folder}/tok261.bin`);
    const direct = await fewbit(["generate", "--model", model, ...generate]);
    assert.deepEqual(JSON.parse(direct.out).ids, ids);
    await Deno.writeTextFile(`${folder}/text.txt`, "aaa a aa\n".repeat(10));
    const text = ["--perplexity", `${folder}/text.txt`, "--window", "16", "--json"];
    const measured = await fewbit(["eval", output, ...text]);
    assert.equal(measured.code, 0, measured.err);
    assert.ok(JSON.parse(measured.out).loss > 0);
    const long = ["--perplexity", `${folder}/text.txt`, "--window", "33"];
    await fails(["eval", output, ...long], /at most 32 in all/);
    const shown = await fewbit(["inspect", model]);
    assert.ok(shown.out.includes("attention_cached_f32"));

    // The same in integers: calibrated, then from the parameters alone.
    await Deno.writeTextFile(`${folder}/long.txt`, "aaa a aa\n".repeat(60));
    const [integer, again] = [`${folder}/integer.fewbit`, `${folder}/again.fewbit`];
    const quantize = ["quantize", model, "--bits", "w4a8g32", "--params", `${folder}/params.json`];
    const calibration = ["--calibration", `${folder}/long.txt`, "--windows", "4", "--check", "2"];
    const made = await fewbit([...quantize, ...calibration, "--length", "24", "-o", integer]);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /2 windows that calibration did not see: .*KL /);
    assert.match(made.err, /plan: 4 windows \(92 tokens\)/);
    const remade = await fewbit([...quantize, "-o", again, "--json"]);
    assert.equal(remade.code, 0, remade.err);
    const { output: named, bytes, bits } = JSON.parse(remade.out);
    assert.deepEqual([named, bits], [again, "w4a8g32"]);
    assert.equal(bytes, (await Deno.stat(again)).size);
    assert.deepEqual(await Deno.readFile(again), await Deno.readFile(integer));
    const spoken = await fewbit(["generate", "--model", integer, ...generate]);
    assert.equal(JSON.parse(spoken.out).ids.length, 4, spoken.err);
    const judged = await fewbit(["eval", integer, ...text]);
    assert.ok(JSON.parse(judged.out).loss > 0, judged.err);
    const seen = await fewbit(["inspect", integer]);
    assert.ok(seen.out.includes("attention_cached_i8") && seen.out.includes("prefix"));
    await fails(["quantize", model, "--bits", "w4a8"], /give a text with --calibration/);
    await fails(["quantize", model, "--bits", "w7a8"], /expected w8a8 or w4a8/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
