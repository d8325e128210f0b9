/** Work of `fewbit quantize` that is kept: only for the same weights, and of one run at a time. */
import assert from "node:assert/strict";
import { quantizeTextFile } from "../../src/cli/_quantize_text.ts";
import { workKey } from "../../src/cli/_work_key.ts";
import type { LazyTensor } from "../../src/tensor.ts";
import { DIM, inTinyFolder, LAYERS, stopAfter } from "./_tiny_llama2c.ts";

const exists = (path: string): Promise<boolean> => Deno.stat(path).then(() => true, () => false);

Deno.test("cli: work on a model that has other weights in one layer is not gone on with", async () => {
  await inTinyFolder(async (folder, given) => {
    const block = `${given.output}.partial/0.json`;
    for (let count = 20; !await exists(block); count += 3) {
      const stopped = { ...given, signal: stopAfter(count) };
      await assert.rejects(quantizeTextFile(stopped), { message: "stopped" });
    }
    // Fine-tuned: the queries of the first block, behind the embedding of 40 pieces and the norms of all blocks.
    const bytes = await Deno.readFile(given.model);
    const weights = new Float32Array(bytes.buffer, 28 + 4 * DIM * (40 + LAYERS), DIM * DIM);
    weights.forEach((weight, i) => weights[i] = weight + (i % 3 - 1) / 4);
    await Deno.writeFile(given.model, bytes);
    await quantizeTextFile(given);
    const output = `${folder}/fresh.fewbit`;
    await quantizeTextFile({ ...given, output });
    // Not deepEqual, which takes minutes to show two files that differ throughout.
    const [gone, fresh] = [await Deno.readFile(given.output), await Deno.readFile(output)];
    assert.ok(gone.join() === fresh.join(), "the work on other weights is in it");
  });
});

Deno.test("cli: the key of work has every weight in it, and what is asked for", async () => {
  const lazy = (...values: number[]): LazyTensor => ({
    dtype: "f32",
    shape: [values.length],
    read: () => ({ dtype: "f32", shape: [values.length], data: Float32Array.from(values) }),
  });
  const key = async (first: number, last: number, bits: "w4a8" | "w8a8"): Promise<string> => {
    const weights = new Map([["a.weight", lazy(first, 1)], ["b.down_proj.weight", lazy(last)]]);
    const asked = { bits, method: "closed-form", rotate: "auto" } as const;
    return await workKey({ config: { model_type: "llama" }, weights }, asked, undefined);
  };
  const keys = [await key(1, 2, "w4a8"), await key(3, 2, "w4a8"), await key(1, 3, "w4a8")];
  keys.push(await key(1, 2, "w8a8"));
  assert.equal(new Set(keys).size, 4);
  assert.equal(await key(1, 2, "w4a8"), keys[0]);
});

Deno.test("cli: runs for one output take turns, and none loses its work to another", async () => {
  await inTinyFolder(async (folder, given) => {
    const made = new Map<string, Uint8Array>();
    for (const bits of ["w4a8", "w4a8g32"] as const) {
      await quantizeTextFile({ ...given, bits, output: `${folder}/${bits}.fewbit` });
      made.set(bits, await Deno.readFile(`${folder}/${bits}.fewbit`));
    }
    const ended = await Promise.allSettled([
      quantizeTextFile({ ...given, bits: "w4a8", params: undefined }),
      quantizeTextFile({ ...given, bits: "w4a8g32", params: undefined }),
    ]);
    assert.deepEqual(ended.map(({ status }) => status), ["fulfilled", "fulfilled"]);
    const bytes = await Deno.readFile(given.output);
    const same = [...made].filter(([, of]) => of.join() === bytes.join());
    assert.equal(same.length, 1);
    const left = [...Deno.readDirSync(folder)].filter(({ name }) => /partial/.test(name));
    assert.deepEqual(left, []);
  });
});
