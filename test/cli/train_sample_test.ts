/** What a newcomer does: `fewbit train` without arguments, then `fewbit classify` and `fewbit export` with what it learned. */
import assert from "node:assert/strict";
import { readIdx } from "../../src/formats/idx.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { fewbit } from "./_fewbit.ts";

const MODELS = new URL("../../models/", import.meta.url);
const EXAMPLES = new URL("../../examples/fashion/", import.meta.url).pathname;
/** The least of the 500 pictures that it has to know: four seeds reached 80 to 81 %. */
const LEAST = 0.7;

Deno.test("sample: 2,000 and 500 pictures of ten classes, as many of each", async () => {
  const read = (part: string) =>
    Deno.readFile(new URL(`fashion-mnist-sample-${part}.idx.gz`, MODELS)).then((bytes) =>
      readIdx(bytes)
    );
  const [images, labels] = [await read("images"), await read("labels")];
  assert.deepEqual(images.shape, [2500, 28, 28]);
  assert.deepEqual(labels.shape, [2500]);
  for (const [from, to, each] of [[0, 2000, 200], [2000, 2500, 50]]) {
    const counts = Array(10).fill(0);
    for (const label of (labels.data as Uint8Array).subarray(from, to)) counts[label]++;
    assert.deepEqual(counts, Array(10).fill(each));
  }
  // No picture is there twice.
  const pixels = images.data as Uint8Array;
  const texts = Array.from({ length: 2500 }, (_, i) => pixels.subarray(784 * i, 784 * (i + 1)));
  assert.equal(new Set(texts.map((picture) => picture.join())).size, 2500);
});

Deno.test("cli: train without arguments teaches a network that classify takes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/clothes.safetensors`;
    const trained = await fewbit(["train", "-o", output, "--json"]);
    assert.equal(trained.code, 0, trained.err);
    const lines = trained.out.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.slice(0, -1).map(({ epoch }) => epoch), [1, 2, 3, 4, 5, 6]);
    const { accuracy, memory_bytes: memory, seconds } = lines.at(-1)!;
    console.log(`${(100 * accuracy).toFixed(1)} % in ${seconds.toFixed(1)} s`);
    assert.ok(accuracy >= LEAST, `${accuracy}`);
    assert.ok(memory < 100e6, `${memory}`);

    const names = ["000-ankle-boot", "018-bag", "013-dress"];
    const paths = names.map((name) => `${EXAMPLES}${name}.png`);
    const classified = await fewbit(["classify", ...paths, "--model", output, "--json"]);
    assert.equal(classified.code, 0, classified.err);
    const results = classified.out.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(results.map(({ top }) => top[0].label), ["Ankle boot", "Bag", "Dress"]);
    assert.equal(results[0].engine, "wasm-train");

    // What the trainer said of the pictures that were held out, eval says of the file.
    const evaluated = await fewbit(
      ["eval", output, "--images", await heldOut(folder, "images"), "--labels"].concat(
        await heldOut(folder, "labels"),
        "--json",
      ),
    );
    assert.equal(evaluated.code, 0, evaluated.err);
    assert.equal(JSON.parse(evaluated.out).model.top1, accuracy);

    const weights = `${folder}/weights.safetensors`;
    const exported = await fewbit(["export", output, "-o", weights]);
    assert.equal(exported.code, 0, exported.err);
    const tensors = readSafetensors(await Deno.readFile(weights));
    assert.deepEqual(tensors.get("conv0.weight")?.shape, [64, 1, 10, 4]);
    assert.deepEqual(tensors.get("dw1.weight")?.shape, [64, 1, 3, 3]);
    assert.ok([...tensors.keys()].every((name) => !/momentum|train\./.test(name)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The last 500 of a file of the sample as a file of their own. */
async function heldOut(folder: string, part: "images" | "labels"): Promise<string> {
  const file = await Deno.readFile(new URL(`fashion-mnist-sample-${part}.idx.gz`, MODELS));
  const { shape, data } = await readIdx(file);
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint16(2, 0x0800 + shape.length);
  [500, ...shape.slice(1)].forEach((extent, i) => header.setUint32(4 + 4 * i, extent));
  const size = data.length / 2500;
  const path = `${folder}/${part}`;
  const last = (data as Uint8Array<ArrayBuffer>).subarray(2000 * size);
  await Deno.writeFile(
    path,
    new Uint8Array(await new Blob([header.buffer, last]).arrayBuffer()),
  );
  return path;
}
