/** The same Llama as a folder of Hugging Face, as GGUF, and as llama2.c writes it. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { load } from "../../src/engines/load.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { array, text, TYPES, u32 } from "../formats/_gguf_builder.ts";
import type { Pair } from "../formats/_gguf_builder.ts";
import { llama2cVocabulary } from "../formats/_llama2c_builder.ts";
import { rowsOf, runBatch } from "../models/_hgrn.ts";
import { configOf, weightsOf } from "../models/_llama.ts";
import { f32, ggufOf, llama2cOf, PAIRS, PIECES, SIZES } from "../models/_llama_files.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const IDS = [1, 259, 260, 100, 7, 0, 33];

async function logitsOf(path: string): Promise<Float32Array[]> {
  const { weights, ...files } = await openTextCheckpoint(path);
  const { program } = await compileTextModel(weights, files);
  using instance = await load(program, { symbols: { max_rows: 16 } });
  return rowsOf(runBatch(instance as never, { sequences: [IDS] }).logits);
}

Deno.test("a folder, whole and in shards, GGUF and llama2.c give the same logits", () =>
  withFolder(async (folder) => {
    const weights = weightsOf(SIZES);
    const [whole, sharded] = [`${folder}/whole`, `${folder}/sharded`];
    const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    for (const directory of [whole, sharded]) {
      await Deno.mkdir(directory);
      await Deno.writeTextFile(`${directory}/config.json`, JSON.stringify(configOf(SIZES)));
    }
    await Deno.writeFile(`${whole}/model.safetensors`, writeSafetensors(weights));
    const parts = shards.map((_, s) => new Map([...weights].filter((_, i) => i % 2 === s)));
    for (const [s, part] of parts.entries()) {
      await Deno.writeFile(`${sharded}/${shards[s]}`, writeSafetensors(part));
    }
    await Deno.writeTextFile(
      `${sharded}/model.safetensors.index.json`,
      JSON.stringify({
        weight_map: Object.fromEntries([...weights.keys()].map((name, i) => [name, shards[i % 2]])),
      }),
    );
    await Deno.writeFile(`${folder}/model.gguf`, ggufOf(weights));
    await Deno.writeFile(`${folder}/model.bin`, llama2cOf(weights));
    const expected = await logitsOf(whole);
    for (const path of [sharded, `${folder}/model.gguf`, `${folder}/model.bin`]) {
      assert.deepEqual(await logitsOf(path), expected, path);
    }
  }));

Deno.test("an untied GGUF has a head of its own", () =>
  withFolder(async (folder) => {
    const sizes = { ...SIZES, tied: false };
    const weights = weightsOf(sizes);
    await Deno.writeFile(`${folder}/model.gguf`, ggufOf(weights));
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(configOf(sizes)));
    await Deno.writeFile(`${folder}/model.safetensors`, writeSafetensors(weights));
    assert.deepEqual(await logitsOf(`${folder}/model.gguf`), await logitsOf(folder));
  }));

Deno.test("vocabularies of llama2.c lie beside the model, or are given", () =>
  withFolder(async (folder) => {
    const model = `${folder}/stories.bin`;
    await Deno.writeFile(model, llama2cOf(weightsOf(SIZES)));
    await assert.rejects(
      TextGenerator.fromPretrained(model).then(({ tokenizer }) => tokenizer),
      { code: "unsupported", message: /without a tokenizer/ },
    );
    const vocabulary = llama2cVocabulary(PIECES);
    await Deno.writeFile(`${folder}/mine.vocabulary`, vocabulary);
    const given = await openTextCheckpoint(model, { vocabulary: `${folder}/mine.vocabulary` });
    await Deno.writeFile(`${folder}/tokenizer.bin`, vocabulary.subarray(0, -1));
    await assert.rejects(openTextCheckpoint(model), { message: /ends within piece 260/ });
    await Deno.writeFile(`${folder}/tok261.bin`, vocabulary);
    assert.deepEqual((await openTextCheckpoint(model)).tokenizer, given.tokenizer);
    await Deno.writeFile(`${folder}/model.gguf`, ggufOf(weightsOf(SIZES)));
    for (const path of [model, new URL(`file://${folder}/model.gguf`)]) {
      using lm = await TextGenerator.fromPretrained(path);
      // A space before the text, its letters, and the bytes of what is no piece.
      assert.deepEqual([...lm.tokenizer.encode("aé").ids], [1, 259, 260, 3 + 0xc3, 3 + 0xa9]);
      assert.equal(lm.tokenizer.decode([259, 260, 3 + 0xc3, 3 + 0xa9]), "aé");
      const pieces = await Array.fromAsync(lm.generate("a", { maxTokens: 3, seed: 1 }));
      assert.equal(pieces.flatMap(({ ids }) => ids).length <= 3, true);
    }
  }));

const REFUSED: readonly (readonly [what: string, pair: Pair, message: RegExp])[] = [
  [
    "another architecture",
    ["general.architecture", TYPES.string, text("qwen2")],
    /architecture is "qwen2", supported is "llama"/,
  ],
  [
    "scaled rotary embeddings",
    ["llama.rope.scaling.type", TYPES.string, text("yarn")],
    /llama\.rope\.scaling\.type "yarn"/,
  ],
  ["experts", ["llama.expert_count", TYPES.u32, u32(8)], /llama\.expert_count "8"/],
  [
    "a setting that nobody knows",
    ["llama.logit_scale", TYPES.f32, f32(0.5)],
    /llama\.logit_scale "0\.5" is not supported/,
  ],
  [
    "a part of a head that turns",
    ["llama.rope.dimension_count", TYPES.u32, u32(4)],
    /llama\.rope\.dimension_count is "4", supported is the 8 channels/,
  ],
  [
    "sizes by layer",
    ["llama.feed_forward_length", TYPES.array, array(TYPES.u32, 2, u32(24), u32(24))],
    /intermediate_size is \[24,24\]/,
  ],
];

for (const [what, pair, message] of REFUSED) {
  Deno.test(`a GGUF with ${what} is refused by name`, () =>
    withFolder(async (folder) => {
      const others = PAIRS.filter(([key]) => key !== pair[0]);
      await Deno.writeFile(`${folder}/m.gguf`, ggufOf(weightsOf(SIZES), [...others, pair]));
      await assert.rejects(TextGenerator.fromPretrained(`${folder}/m.gguf`), { message });
    }));
}

Deno.test("tensors that no Llama has are refused by name", () =>
  withFolder(async (folder) => {
    const weights = weightsOf(SIZES).set("rope_freqs.weight", {
      dtype: "f32",
      shape: [4],
      data: new Float32Array(4),
    });
    await Deno.writeFile(`${folder}/m.gguf`, ggufOf(weights));
    await assert.rejects(TextGenerator.fromPretrained(`${folder}/m.gguf`), {
      code: "unsupported",
      message: /uses the tensor "rope_freqs\.weight"/,
    });
  }));
