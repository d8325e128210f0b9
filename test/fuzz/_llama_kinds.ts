/** Damaged Llamas: files of GGUF and llama2.c through the importers, and saved states with caches. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { llama2cVocabulary } from "../formats/_llama2c_builder.ts";
import { rowsOf, runBatch } from "../models/_hgrn.ts";
import { compileLlama, configOf, weightsOf } from "../models/_llama.ts";
import { ggufOf, llama2cOf, PIECES, SIZES } from "../models/_llama_files.ts";
import type { Kind } from "./_kind.ts";
import { mutateBytes } from "./_mutate_bytes.ts";
import type { Random } from "./_random.ts";
import { mutateState, repairState } from "./_saved_kinds.ts";
import { resultOrCode } from "./_typed.ts";

/** Bytes of the header of a model of llama2.c. */
const HEADER_BYTES = 28;

/** Mutants of Llamas. */
export async function llamaKinds(): Promise<Kind[]> {
  const weights = weightsOf(SIZES);
  const files = { "m.gguf": ggufOf(weights), "m.bin": llama2cOf(weights) };
  const vocabulary = llama2cVocabulary(PIECES);
  return [
    { name: "llama", share: 0.01, check: (random) => checkFiles(files, vocabulary, random) },
    { name: "cached state", share: 0.02, check: await checkState() },
  ];
}

/** What is no Llama is refused with a code; what is one becomes a program. */
async function checkFiles(
  files: Readonly<Record<string, Uint8Array>>,
  vocabulary: Uint8Array,
  random: Random,
): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const name = random.pick(Object.keys(files));
    const isVocabulary = name === "m.bin" && random.chance(0.4);
    const damaged = (good: Uint8Array, start: number) =>
      mutateBytes(good, good, random, [0, start]);
    await Deno.writeFile(
      `${folder}/${name}`,
      isVocabulary
        ? files[name]
        : damaged(files[name], name === "m.bin" ? HEADER_BYTES : files[name].length >> 3),
    );
    await Deno.writeFile(
      `${folder}/tokenizer.bin`,
      isVocabulary ? damaged(vocabulary, vocabulary.length) : vocabulary,
    );
    const made = await resultOrCode(async () => {
      const { weights, ...rest } = await openTextCheckpoint(`${folder}/${name}`);
      return await compileTextModel(weights, rest);
    });
    return `${name}: ${"code" in made ? made.code : "compiled"}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is refused changes nothing; what is taken can be saved, and runs. */
async function checkState(): Promise<Kind["check"]> {
  const sizes = { ...SIZES, depth: 1, context: 16 };
  const file = await compileLlama(weightsOf(sizes), configOf(sizes));
  const instance = await loadWasm(file, { build: "simd", symbols: { sessions: 2 } });
  runBatch(instance, { sequences: [[1, 2, 3, 4, 5]], rows: [4] });
  const good = instance.saveStateSync(0);
  return async (random) => {
    instance.restoreState(good, 1);
    const damaged = repairState(mutateState(good, random));
    const restored = await resultOrCode(() => instance.restoreState(damaged, 1));
    if ("code" in restored) {
      assert.deepEqual(instance.saveStateSync(1), good, "what was refused has changed nothing");
      return restored.code;
    }
    assert.equal(instance.saveStateSync(1).length, damaged.length);
    const next = { sequences: [[7]], slots: [1], past: [4], rows: [0] };
    assert.equal(rowsOf(runBatch(instance, next).logits).length, 1);
    return "restored";
  };
}
