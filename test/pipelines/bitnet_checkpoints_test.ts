/** Llamas with ternary weights from files: the generator, the command line. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { encodeI2S } from "../../src/formats/ternary/i2_s.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { fewbit } from "../cli/_fewbit.ts";
import { bitNetConfigOf, bitNetMasters, packedOf, quantizationOf } from "../models/_bitnet.ts";
import { ggufOfMasters, ggufPairs } from "../models/_bitnet_gguf.ts";
import { PAIRS } from "../models/_llama_files.ts";

const SIZES = { vocabulary: 261, width: 128, depth: 1, hidden: 128, heads: 4, kvHeads: 2 };
const MASTERS = bitNetMasters(SIZES, 11);
const VOCABULARY = PAIRS.filter(([key]) => key.startsWith("tokenizer."));

/** The same model as a GGUF, as packed weights with a tokenizer.json, and as masters without one. */
async function withFiles(
  run: (paths: { root: string; gguf: string; packed: string; masters: string }) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  const paths = {
    root,
    gguf: `${root}/m.gguf`,
    packed: `${root}/packed`,
    masters: `${root}/masters`,
  };
  const json = (path: string, value: unknown) => Deno.writeTextFile(path, JSON.stringify(value));
  try {
    const pairs = [...ggufPairs(SIZES), ...VOCABULARY];
    await Deno.writeFile(paths.gguf, ggufOfMasters(MASTERS, pairs, "I2_S", encodeI2S));
    const { tokenizer, tokenizerConfig } = await openTextCheckpoint(paths.gguf);
    await Deno.mkdir(paths.packed);
    await json(`${paths.packed}/config.json`, {
      ...bitNetConfigOf(SIZES),
      quantization_config: quantizationOf("divide"),
    });
    await json(`${paths.packed}/tokenizer.json`, tokenizer);
    await json(`${paths.packed}/tokenizer_config.json`, tokenizerConfig);
    await Deno.writeFile(
      `${paths.packed}/model.safetensors`,
      writeSafetensors(packedOf(MASTERS, "divide")),
    );
    await Deno.mkdir(paths.masters);
    await json(`${paths.masters}/config.json`, bitNetConfigOf(SIZES));
    await Deno.writeFile(`${paths.masters}/model.safetensors`, writeSafetensors(MASTERS));
    await run(paths);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("bitnet: generators of a GGUF and of a folder with a tokenizer write the same", () =>
  withFiles(async ({ gguf, packed }) => {
    const texts: string[] = [];
    for (const path of [gguf, packed]) {
      using lm = await TextGenerator.fromPretrained(path);
      assert.deepEqual([...lm.tokenizer.encode("aé").ids].slice(-2), [3 + 0xc3, 3 + 0xa9]);
      const options = { maxTokens: 6, temperature: 0, stopAtEnd: false };
      const pieces = await Array.fromAsync(lm.generate("aé", options));
      texts.push(pieces.flatMap(({ ids }) => [...ids]).join());
    }
    assert.equal(texts[0], texts[1]);
    assert.equal(texts[0].split(",").length, 6);
  }));

Deno.test("bitnet: a GGUF without a vocabulary is the program of the masters", () =>
  withFiles(async ({ root, masters }) => {
    const path = `${root}/bare.gguf`;
    const bare = ggufOfMasters(MASTERS, ggufPairs(SIZES), "I2_S", encodeI2S);
    await Deno.writeFile(path, bare);
    const programOf = async (source: string): Promise<Uint8Array> => {
      const { weights, ...files } = await openTextCheckpoint(source);
      return await encodeProgram((await compileTextModel(weights, files)).program);
    };
    assert.deepEqual(await programOf(path), await programOf(masters));
  }));

Deno.test("bitnet: convert, inspect and generate", () =>
  withFiles(async ({ root, gguf, packed, masters }) => {
    const converted: Uint8Array[] = [];
    for (const [i, path] of [gguf, masters].entries()) {
      const { code, err } = await fewbit(["convert", path, "-o", `${root}/${i}.fewbit`]);
      assert.equal(code, 0, err);
      converted.push(await Deno.readFile(`${root}/${i}.fewbit`));
    }
    // Trits and a byte for each element of the table; nothing in 32 bits but norms and scales.
    const trits = 0.2 * (2 * 128 * 128 + 2 * 64 * 128 + 3 * 128 * 128);
    assert.ok(converted[1].length < trits + 261 * 128 + 20_000, `${converted[1].length} bytes`);
    const { code, out } = await fewbit(["inspect", `${root}/1.fewbit`]);
    assert.equal(code, 0);
    for (const part of ["BitNetForCausalLM", "quantize_rows_i8", "98.3 k weights in 7 tensors"]) {
      assert.ok(out.includes(part), `${part} in:\n${out}`);
    }
    const generated = await fewbit(["generate", "a", "--model", packed, "--max-tokens", "3"]);
    assert.equal(generated.code, 0, generated.err);
    const listed = await fewbit(["inspect", gguf]);
    assert.match(listed.out, /I2_S\[128, 128\]/);
    const refused = await fewbit(["quantize", masters, "-o", `${root}/q.fewbit`]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /language model|"llama"/);
  }));
