/** The examples of `examples/hosts`, which do the same in each language. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { IDS, minilmFile, minilmIsMissing, SUMS_SHA256 } from "./_minilm.ts";
import { hashOn, MODEL, pixels, scratchFolder } from "./_picture.ts";
import { GREEDY, LANGUAGE_MODEL, PROMPT } from "./_prompt.ts";
import { expectedStories, STORIES } from "./_expected_stories.ts";
import { COUNT, PROMPT as STORY, SEED, TEMPERATURE } from "./_stories.js";
import { ternaryHash, ternaryModel } from "./_ternary.ts";

/** Runs an example by its name; gives what it printed. */
export type Example = (name: string, ...args: string[]) => Promise<string>;

/** The module with relaxed SIMD. */
export const RELAXED: string = fileURLToPath(
  new URL("../../wasm/fewbit.relaxed.wasm", import.meta.url),
);

/** What `classify` prints that has the right logits. */
export async function expectedLogits(): Promise<RegExp> {
  return new RegExp(`logits_f32_sha256 ${await hashOn("wasm-simd")}`);
}

/** Classifies the picture with relaxed SIMD; gives what was printed. */
export async function classifyRelaxed(example: Example): Promise<string> {
  using folder = scratchFolder();
  const input = `${folder.path}/pixels.bin`;
  await Deno.writeFile(input, pixels());
  return await example("classify", RELAXED, fileURLToPath(MODEL), input);
}

/** Runs every example of a language, a step each. */
export async function tryExamples(t: Deno.TestContext, example: Example): Promise<void> {
  const wasm = fileURLToPath(new URL("../../wasm/fewbit.simd.wasm", import.meta.url));
  using folder = scratchFolder();
  const model = `${folder.path}/model.fewbit`;
  const input = `${folder.path}/pixels.bin`;

  await t.step("classify", async () => {
    await Deno.writeFile(input, pixels());
    const output = await example("classify", wasm, fileURLToPath(MODEL), input);
    assert.match(output, new RegExp(`logits_f32_sha256 ${await hashOn("wasm-simd")}`));
  });

  await t.step("sizes and files are checked", async () => {
    const vit = fileURLToPath(MODEL);
    const file = await Deno.readFile(vit);
    const refuses = async (path: string, message: RegExp): Promise<void> => {
      await assert.rejects(example("classify", wasm, path, input), message);
    };
    for (const bytes of [new Uint8Array(783), new Uint8Array(785), new Uint8Array()]) {
      await Deno.writeFile(input, bytes);
      await refuses(vit, new RegExp(`pixels: ${bytes.length} bytes, 784 expected`));
    }
    await Deno.writeFile(input, pixels());
    for (const length of [file.length - 1, 64]) {
      await Deno.writeFile(model, file.subarray(0, length));
      await refuses(model, new RegExp(`cut off: ${length} bytes`));
    }
    await Deno.writeFile(model, pixels());
    await refuses(model, /no fewbit file/);
    file[20000] ^= 1;
    await Deno.writeFile(model, file);
    await refuses(model, /model_\w+: verdict \d+/);
    await assert.rejects(example("classify", wasm, `${folder.path}/none`, input), /none/);
  });

  await t.step("--help says how pixels are made", async () => {
    assert.match(await example("classify", "--help"), /classify.*\n[^]*pixels\.py/);
  });

  await t.step("classify with ternary weights", async () => {
    const ternary = await ternaryModel();
    await Deno.writeFile(model, ternary.file);
    await Deno.writeFile(input, ternary.pixels);
    const output = await example("classify", wasm, model, input);
    assert.match(output, new RegExp(`logits_f32_sha256 ${await ternaryHash(ternary)}`));
  });

  await t.step("generate", async () => {
    const numbers = [GREEDY.length, ...PROMPT].map(String);
    const output = await example("generate", wasm, fileURLToPath(LANGUAGE_MODEL), ...numbers);
    assert.equal(output.trim(), GREEDY.join(" "));
  });

  await t.step("sample", async () => {
    const { greedy, drawn } = await expectedStories();
    for (const [temperature, ids] of [[0, greedy], [TEMPERATURE, drawn]] as const) {
      const numbers = [temperature, SEED, COUNT, ...STORY].map(String);
      const output = await example("sample", wasm, fileURLToPath(STORIES), ...numbers);
      assert.equal(output.trim(), ids.join(" "));
    }
  });

  await t.step({
    name: "embed",
    ignore: minilmIsMissing(),
    fn: async () => {
      await Deno.writeFile(model, await minilmFile());
      const output = await example("embed", wasm, model, ...IDS.map(String));
      assert.match(output, new RegExp(`sums_i32_sha256 ${SUMS_SHA256}`));
    },
  });
}
