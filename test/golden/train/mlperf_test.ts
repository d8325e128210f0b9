/** MLPerf Tiny's trained ResNet8 as a checkpoint: the logits of its pictures by a float64 forward pass, and its weights back. */
import assert from "node:assert/strict";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { channelsLast } from "../../../src/models/trained_layers.ts";
import { trainedClassifier } from "../../../src/pipelines/image/trained_classifier.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { encodeCheckpoint } from "../../../src/training/checkpoint.ts";
import { encodePictureFacts } from "../../../src/training/picture_facts.ts";
import { startWeights } from "../../../src/training/start_weights.ts";
import { fineTunedClassifier } from "../../../src/training/tiny_classifier.ts";
import { trainedWeights } from "../../../src/training/trained_pictures.ts";
import { absent, readJson, SHARED } from "../_shared.ts";

const FOLDER = `${SHARED}/golden/train`;
const ignore = absent(FOLDER, `${SHARED}/data/mlperf-tiny`);
const [CHANNELS, SIDE] = [3, 32];

/** The weights, with the biases that come before a norm in its mean. */
function weights(): Map<string, Tensor> {
  const all = readSafetensors(Deno.readFileSync(`${SHARED}/data/mlperf-tiny/resnet8.safetensors`));
  const data = (name: string) => all.get(name)!.data as Float32Array;
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of all) {
    if (/^(conv0|s\d\.[ab])\.bias$/.test(name)) continue;
    // `s1.bn_a.running_mean` is behind `s1.a`, `bn0.running_mean` behind `conv0`.
    const conv = name.replace("bn0", "conv0").replace("bn_", "").replace("running_mean", "bias");
    const isMean = name.endsWith("running_mean");
    const values = isMean ? data(name).map((x, i) => x - data(conv)[i]) : data(name);
    tensors.set(name, { dtype: "f32", shape: tensor.shape, data: values });
  }
  return tensors;
}

function checkpoint(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const stored = [...tensors].map(([name, tensor]): [string, Tensor] => {
    if (tensor.shape.length !== 4) return [name, tensor];
    const [o, i, h, w] = tensor.shape;
    const data = channelsLast(tensor.data as Float32Array, tensor.shape);
    return [name, { dtype: "f32", shape: [o, h, w, i], data }];
  });
  const labels: string[] = readJson("golden/train/mlperf.json").labels.resnet8.split(" ");
  const metadata = encodePictureFacts({
    network: "resnet8",
    labels,
    preprocessing: {
      inputSize: [CHANNELS, SIDE, SIDE],
      // Pixels as they are.
      mean: [0, 0, 0],
      std: [1 / 255, 1 / 255, 1 / 255],
      interpolation: "bilinear",
      resize: { mode: "none" },
      centerCrop: false,
    },
  });
  const place = { program: "", cursor: { epoch: 0, batch: 0 } };
  return encodeCheckpoint({ tensors: new Map(stored), ...place, metadata });
}

Deno.test({
  name: "golden: MLPerf Tiny's ResNet8 as a trained classifier gives its logits",
  ignore,
  fn: async () => {
    const { cases } = readJson("golden/train/mlperf.json");
    const { bound, argmax } = cases.find(({ net }: { net: string }) => net === "resnet8");
    const oracle = readSafetensors(Deno.readFileSync(`${FOLDER}/mlperf.safetensors`));
    const [x, want] = ["resnet8/x", "resnet8/logits"].map((name) => oracle.get(name)!.data);
    using model = await trainedClassifier(checkpoint(weights()));
    const [size, plane] = [CHANNELS * SIDE * SIDE, SIDE * SIDE];
    const pictures = argmax.map((_: number, picture: number) =>
      Uint8Array.from(
        { length: size },
        (_, i) => Number(x[picture * size + i % CHANNELS * plane + Math.floor(i / CHANNELS)]),
      )
    );
    const logits = await model.logits(pictures);
    let worst = 0;
    logits.forEach((row, picture) => {
      assert.equal(row.indexOf(Math.max(...row)), argmax[picture]);
      row.forEach((logit, i) => {
        worst = Math.max(worst, Math.abs(logit - Number(want[10 * picture + i])));
      });
    });
    console.log(`largest difference of a logit: ${worst}`);
    assert.ok(worst <= bound.abs, `${worst}`);
    const image = { width: SIDE, height: SIDE, channels: 3, data: pictures[0] } as const;
    assert.equal((await model.classify(image)).label, "bird");
  },
});

Deno.test({
  name: "golden: fine-tuning begins with MLPerf Tiny's networks by their names, and their logits",
  ignore,
  fn: async () => {
    const { cases } = readJson("golden/train/mlperf.json");
    const oracle = readSafetensors(Deno.readFileSync(`${FOLDER}/mlperf.safetensors`));
    for (
      const [net, file, picture] of [
        ["resnet8", "resnet8", [SIDE, SIDE, CHANNELS]],
        ["ds_cnn", "ds_cnn", [49, 10, 1]],
      ] as const
    ) {
      const { bound, argmax } = cases.find((each: { net: string }) => each.net === net);
      const [x, want] = ["x", "logits"].map((name) => oracle.get(`${net}/${name}`)!);
      const start = startWeights(
        Deno.readFileSync(`${SHARED}/data/mlperf-tiny/${file}.safetensors`),
      );
      assert.ok(start.takesBytes);
      const batch = argmax.length;
      const { trainer } = await fineTunedClassifier({
        ...{ start, picture, classes: want.data.length / batch, hasNewHead: false, only: "lora:2" },
        ...{ batch, rate: 0.1, optimizer: { kind: "sgd" }, schedule: { kind: "constant" } },
        ...{ decay: 0, seed: 1 },
      });
      using one = trainer;
      const size = x.data.length / batch;
      const [height, width, channels] = picture;
      // Theirs have the channel first.
      const last = Float32Array.from({ length: x.data.length }, (_, i) => {
        const [at, place, channel] = [
          Math.floor(i / size),
          Math.floor(i % size / channels),
          i % channels,
        ];
        return Number(x.data[at * size + channel * height * width + place]);
      });
      const { logits } = await one.predict({ x: last });
      const worst = (logits.data as Float32Array).reduce(
        (most, logit, i) => Math.max(most, Math.abs(logit - Number(want.data[i]))),
        0,
      );
      console.log(`${net}: largest difference of a logit: ${worst}`);
      assert.ok(worst <= bound.abs, `${net}: ${worst}`);
    }
  },
});

Deno.test({
  name:
    "golden: what is exported of a checkpoint has PyTorch's shapes and the weights it came from",
  ignore,
  fn: () => {
    const tensors = weights();
    const exported = trainedWeights(checkpoint(tensors));
    assert.deepEqual([...exported.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, { shape, data }] of tensors) {
      assert.deepEqual(exported.get(name)!.shape, shape, name);
      assert.deepEqual(exported.get(name)!.data, data, name);
    }
  },
});
