/** Fashion-MNIST through the command line: quantised from the float model, 10,000 test images. */
import assert from "node:assert/strict";
import { absent, readJson, SHARED } from "./_shared.ts";

const DATA = "/usr/share/datasets/fashion-mnist";
const FLOAT = `${SHARED}/data/vit-fashion-mnist`;
const CLI = new URL("../../cli.ts", import.meta.url).pathname;
const TEST_SET = [
  "--images",
  `${DATA}/t10k-images-idx3-ubyte.gz`,
  "--labels",
  `${DATA}/t10k-labels-idx1-ubyte.gz`,
  "--json",
];

async function fewbit(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", CLI, ...args],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

for (
  const [variant, nonlinear, bits] of [
    ["table", "table", "w8a8"],
    ["shift", "shift", "w8a8"],
    ["table_w7", "table", "w7a8"],
  ]
) {
  Deno.test({
    name: `golden: fashion ${variant}: calibration, accuracy and predictions`,
    ignore: absent(DATA, FLOAT),
    fn: async () => {
      const expected = readJson(`golden/ivit/fashion_${variant}.json`);
      const model = await Deno.makeTempFile({ suffix: ".fewbit" });
      try {
        const images = `${DATA}/train-images-idx3-ubyte.gz`;
        const options = ["--nonlinear", nonlinear, "--bits", bits, "-o", model];
        await fewbit("quantize", FLOAT, "--images", images, ...options);
        const beside = variant === "table" ? ["--float", FLOAT] : [];
        const result = JSON.parse(await fewbit("eval", model, ...TEST_SET, ...beside));
        assert.equal(result.model.top1, expected.top1_10000);
        assert.equal(result.model.predictions_sha256_u8, expected.predictions_sha256_u8);
        if (variant !== "table") return;
        const float = readJson("golden/ivit/fashion_float.json");
        assert.ok(Math.abs(result.float.correct - 10_000 * float.top1_10000_float64) <= 2);
        assert.ok(Math.abs(result.model.top1 - result.float.top1) <= 0.005);
        // The shipped model is this one.
        const shipped = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);
        assert.deepEqual(await Deno.readFile(model), await Deno.readFile(shipped));
      } finally {
        await Deno.remove(model);
      }
    },
  });
}
