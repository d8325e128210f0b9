/** Training for integers: the trainer's codes are the export's, the loss is that of the integers, and it falls. */
import assert from "node:assert/strict";
import { QuantizedTrainer } from "../../src/compile/quantized_training.ts";
import { compileTaps } from "../../src/compile/vision.ts";
import { load } from "../../src/engines/load.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";
import { BATCH, batch, checksum, CLASSES, folder, SETTINGS, SIDE, SIZES } from "./_small_vit.ts";

Deno.test("what is trained for integers learns, by the loss of its integers", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  const random = new Random(5);
  const losses: number[] = [];
  for (let i = 0; i < 40; i++) {
    const { images, labels } = batch(random, BATCH);
    losses.push((await trainer.step(images, labels)).loss);
  }
  assert.ok(losses[39] < losses[0] / 4, losses.join());
  // A rate of 0 shows the loss of integers whose scales move no more.
  using still = await QuantizedTrainer.load(folder(), { ...SETTINGS, rate: 1e-30 });
  const { images, labels } = batch(random, BATCH);
  for (let i = 0; i < 3; i++) await still.step(images, labels);
  const { loss } = await still.step(images, labels);
  const { logits } = await still.codes(images);
  let want = 0;
  labels.forEach((label, row) => {
    const values = [...logits.subarray(CLASSES * row, CLASSES * (row + 1))];
    want += Math.log(values.reduce((sum, x) => sum + Math.exp(x), 0)) - values[label];
  });
  assert.ok(Math.abs(loss - want / BATCH) <= 1e-5, `${loss}, ${want / BATCH}`);
});

Deno.test("all codes and logits of the trainer are those of what is exported", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  assert.throws(() => trainer.compile(), /No scale is known/);
  const random = new Random(6);
  for (let i = 0; i < 5; i++) {
    const { images, labels } = batch(random, BATCH);
    await trainer.step(images, labels);
  }
  const { images } = batch(random, 9);
  const { taps, logits } = await trainer.codes(images);
  const compiled = trainer.compile();
  const run = { entry: "normalized", symbols: { batch: 9 } };
  using exported = await load(compileTaps(compiled), { symbols: { max_batch: 9 } });
  const shown = await exported.run({ image: images }, run);
  assert.ok(taps.size > 25, `${taps.size} sites`);
  for (const [name, { data }] of taps) assert.deepEqual(shown[name].data, data, name);
  using fused = await load(compiled.program, { symbols: { max_batch: 9 } });
  assert.deepEqual((await fused.run({ image: images }, run)).logits.data, logits);
});

Deno.test("losses and weights are those of codes turned into reals one by one", async () => {
  using trainer = await QuantizedTrainer.load(folder(), SETTINGS);
  const random = new Random(7);
  const losses: string[] = [];
  for (let i = 0; i < 6; i++) {
    const { images, labels } = batch(random, BATCH);
    const { loss } = await trainer.step(images, labels);
    losses.push(new Uint32Array(Float32Array.of(loss).buffer)[0].toString(16));
  }
  // Of the first implementation, whose backward program read float32 values, and whose observers read every one.
  assert.deepEqual(losses, [
    ...["3fa5ec47", "3f9a9cfa", "3f1ff25d", "3f07b9c8", "3f257189", "3e22d967"],
  ]);
  assert.equal(checksum(trainer).toString(16), "acb1e4a3");
});

Deno.test("Hugging Face's names train as timm's do", async () => {
  const { config, weights, preprocessing } = folder();
  const other = {
    ...{ architectures: ["ViTForImageClassification"], model_type: "vit", num_labels: CLASSES },
    ...{ image_size: SIDE, patch_size: SIZES.patch, num_channels: 1, hidden_size: SIZES.channels },
    ...{ num_hidden_layers: SIZES.depth, num_attention_heads: SIZES.heads, layer_norm_eps: 1e-6 },
    intermediate_size: 4 * SIZES.channels,
  };
  const renamed = new Map<string, Tensor>();
  for (const [name, tensor] of weights) {
    for (const [to, part] of huggingFaceParts(name, tensor)) renamed.set(to, part);
  }
  using timm = await QuantizedTrainer.load({ config, weights, preprocessing }, SETTINGS);
  using face = await QuantizedTrainer.load(
    { config: other, weights: renamed, preprocessing },
    SETTINGS,
  );
  const { images, labels } = batch(new Random(8), BATCH);
  for (const trainer of [timm, face]) await trainer.step(images, labels);
  assert.equal(checksum(face), checksum(timm));
});

Deno.test("a network that is no plain ViT is not trained for integers", async () => {
  const { config, ...rest } = folder();
  const other = {
    ...rest,
    config: { ...config, model_args: { ...config.model_args, global_pool: "avg" } },
  };
  await assert.rejects(QuantizedTrainer.load(other, SETTINGS), { code: "unsupported" });
  const { weights } = rest;
  weights.delete("head.weight");
  await assert.rejects(QuantizedTrainer.load({ ...rest, config }, SETTINGS), { code: "not_found" });
});

Deno.test("what is not plain is refused by name", async () => {
  const { config, ...rest } = folder();
  const { weights } = rest;
  const cases: readonly [Record<string, unknown>, RegExp][] = [
    [{ act_layer: "relu" }, /activation is relu/],
    [{ qkv_bias: false }, /without biases/],
    [{ init_values: 1e-5 }, /layer scales/],
    [{ pre_norm: true }, /norm before its blocks/],
    [{ class_token: false, global_pool: "avg" }, /one token/],
  ];
  for (const [changed, message] of cases) {
    const other = { ...config, model_args: { ...config.model_args, ...changed } };
    await assert.rejects(QuantizedTrainer.load({ ...rest, config: other }, SETTINGS), {
      code: "unsupported",
      message,
    });
  }
  const swin = { model_type: "swin", image_size: 8, patch_size: 4 };
  await assert.rejects(QuantizedTrainer.load({ config: swin, weights }, SETTINGS), {
    code: "unsupported",
    message: /Swin/,
  });
  for (const bad of [{ batch: 0 }, { batch: 1.5 }, { forward: "int" as "shift" }]) {
    await assert.rejects(QuantizedTrainer.load({ ...rest, config }, { ...SETTINGS, ...bad }), {
      code: "invalid_argument",
    });
  }
});

Deno.test("weights of another shape, and those that are not finite, are refused by name", async () => {
  const { weights, ...rest } = folder();
  const { shape, data } = weights.get("blocks.1.mlp.fc1.weight") as Tensor<"f32">;
  const flat = new Map(weights).set("blocks.1.mlp.fc1.weight", {
    ...{ dtype: "f32", shape: [shape[1], shape[0]] },
    data,
  });
  await assert.rejects(QuantizedTrainer.load({ ...rest, weights: flat }, SETTINGS), {
    code: "shape_mismatch",
    message: /blocks\.1\.mlp\.fc1\.weight/,
  });
  const holed = data.slice().fill(NaN, 3, 4);
  const broken = new Map(weights).set("blocks.1.mlp.fc1.weight", {
    dtype: "f32",
    shape,
    data: holed,
  });
  await assert.rejects(QuantizedTrainer.load({ ...rest, weights: broken }, SETTINGS), {
    code: "invalid_file",
    message: /blocks\.1\.mlp\.fc1\.weight/,
  });
});

/** A tensor under the names of `ViTForImageClassification`; of query, key and value three. */
function huggingFaceParts(name: string, tensor: Tensor): [string, Tensor][] {
  const to = name
    .replace("cls_token", "vit.embeddings.cls_token")
    .replace("pos_embed", "vit.embeddings.position_embeddings")
    .replace("patch_embed.proj", "vit.embeddings.patch_embeddings.projection")
    .replace(/^norm\./, "vit.layernorm.")
    .replace(/^head\./, "classifier.")
    .replace(/^blocks\.(\d)\./, "vit.encoder.layer.$1.")
    .replace("norm1", "layernorm_before")
    .replace("norm2", "layernorm_after")
    .replace("attn.proj", "attention.output.dense")
    .replace("mlp.fc1", "intermediate.dense")
    .replace("mlp.fc2", "output.dense");
  if (!to.includes("attn.qkv")) return [[to, tensor]];
  const data = tensor.data as Float32Array;
  const third = data.length / 3;
  return ["query", "key", "value"].map((part, i) => [
    to.replace("attn.qkv", `attention.attention.${part}`),
    {
      dtype: "f32",
      shape: [tensor.shape[0] / 3, ...tensor.shape.slice(1)],
      data: data.slice(i * third, (i + 1) * third),
    },
  ]);
}
