import assert from "node:assert/strict";
import { readIdx } from "../../src/formats/idx.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { readOnnx, readTensorProto } from "../../src/formats/onnx.ts";
import type { OnnxModel } from "../../src/formats/onnx_model.ts";
import { readPth } from "../../src/formats/pth.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { FewbitError } from "../../src/errors.ts";
import { assertSameTensors, scalarsAsVectors } from "../formats/_assert.ts";

const SHARED = Deno.env.get("FEWBIT_SHARED") ?? "../shared";

/** Types of tensors in ONNX's tests that fewbit has no element type for. */
const UNSUPPORTED = /has elements of (string|uint64|float8\w+|float4e2m1|uint4|int4|uint2|int2)$/;

/** Defines a test that needs a folder of `shared`, or says why it is skipped. */
function goldenTest(name: string, folder: string, run: (path: string) => Promise<void>): void {
  const path = `${SHARED}/${folder}`;
  const ignore = !exists(path);
  if (ignore) console.log(`skipped: ${name}: there is no folder ${path}`);
  Deno.test({ name, ignore, fn: () => run(path) });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

for (const [model, count] of [["deit", 110], ["swin", 223]] as const) {
  goldenTest(`formats: the checkpoints of ${model} are equal`, "golden/ivit/tiny", async (path) => {
    const original = readSafetensors(await Deno.readFile(`${path}/${model}.safetensors`));
    assert.equal(original.size, count);
    const expected = scalarsAsVectors(original);
    for (const suffix of [".pth", "_legacy.pth", "_wrapped.pth.tar"]) {
      assertSameTensors(await readPth(await Deno.readFile(`${path}/${model}${suffix}`)), expected);
    }
  });
}

goldenTest("formats: MNIST reads", "data/mnist", async (path) => {
  const images = await readIdx(await Deno.readFile(`${path}/t10k-images-idx3-ubyte.gz`));
  assert.equal(images.dtype, "u8");
  assert.deepEqual(images.shape, [10_000, 28, 28]);
  const labels = await readIdx(await Deno.readFile(`${path}/t10k-labels-idx1-ubyte.gz`));
  assert.deepEqual(labels.shape, [10_000]);
  assert.deepEqual([...labels.data.subarray(0, 5)], [7, 2, 1, 0, 4]);
  const train = await readIdx(await Deno.readFile(`${path}/train-labels-idx1-ubyte.gz`));
  assert.deepEqual(train.shape, [60_000]);
  assert.deepEqual([...train.data.subarray(0, 5)], [5, 0, 4, 1, 9]);
});

goldenTest(
  "formats: files of NumPy read",
  "data/mlperf-tiny/image_classification",
  async (path) => {
    const { dtype, shape } = readNpy(await Deno.readFile(`${path}/perf_samples_idxs.npy`));
    assert.equal(dtype, "i64");
    assert.deepEqual(shape, [200]);
  },
);

goldenTest("formats: models of the ONNX tests read", "data/onnx-node-tests", async (path) => {
  const folder = await Deno.makeTempDir();
  try {
    const archive = `${path}/onnx-node-tests-selected.tar.xz`;
    const tar = new Deno.Command("tar", { args: ["-xJf", archive, "-C", folder] });
    assert.ok((await tar.output()).success, "tar failed");
    let models = 0;
    const tensors = { read: 0, unsupported: 0 };
    for await (const { name } of Deno.readDir(folder)) {
      const model = readOnnx(await Deno.readFile(`${folder}/${name}/model.onnx`));
      assert.ok(model.graph.nodes.length > 0, name);
      models++;
      await readDataSets(`${folder}/${name}`, model, tensors);
    }
    assert.equal(models, 1051);
    assert.deepEqual(tensors, { read: 3757, unsupported: 244 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Reads the tensors beside a model and checks them against the types of its inputs and outputs. */
async function readDataSets(
  folder: string,
  { graph }: OnnxModel,
  counts: { read: number; unsupported: number },
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) continue;
    for await (const file of Deno.readDir(`${folder}/${name}`)) {
      const [, kind, index] = /^(input|output)_(\d+)\.pb$/.exec(file.name)!;
      const info = (kind === "input" ? graph.inputs : graph.outputs)[Number(index)];
      const path = `${folder}/${name}/${file.name}`;
      try {
        const tensor = readTensorProto(await Deno.readFile(path));
        assert.equal(tensor.dtype, info.dtype, path);
        counts.read++;
      } catch (error) {
        if (!(error instanceof FewbitError) || error.code !== "unsupported") throw error;
        assert.match(error.message, UNSUPPORTED, path);
        counts.unsupported++;
      }
    }
  }
}
