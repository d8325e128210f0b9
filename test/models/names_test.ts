/** Checkpoints under the names of Hugging Face and of newer timm give the same graphs. */
import assert from "node:assert/strict";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { FewbitError } from "../../src/errors.ts";
import { inferVisionConfig } from "../../src/models/infer_config.ts";
import { canonicalNames } from "../../src/models/names.ts";
import { visionConfig } from "../../src/models/read_vision_config.ts";
import type { Tensor } from "../../src/tensor.ts";

const path = new URL("../vectors/tiny/deit.safetensors", import.meta.url);
const PARAMETER = /\.(weight|bias)$|^(cls_token|pos_embed)$/;
const DEIT = new Map(
  [...readSafetensors(Deno.readFileSync(path))].filter(([n]) => PARAMETER.test(n)),
);

/** Undoes what `canonicalNames` does for Hugging Face. */
function toHuggingFace(weights: Map<string, Tensor>, prefix: string): Map<string, Tensor> {
  const renames: [RegExp, string][] = [
    [/^cls_token$/, "embeddings.cls_token"],
    [/^pos_embed$/, "embeddings.position_embeddings"],
    [/^patch_embed\.proj\./, "embeddings.patch_embeddings.projection."],
    [/^blocks\.(\d+)\./, "encoder.layer.$1."],
    [/\.norm1\./, ".layernorm_before."],
    [/\.norm2\./, ".layernorm_after."],
    [/\.attn\.proj\./, ".attention.output.dense."],
    [/\.mlp\.fc1\./, ".intermediate.dense."],
    [/\.mlp\.fc2\./, ".output.dense."],
    [/^norm\./, "layernorm."],
  ];
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of weights) {
    if (name.startsWith("head.")) {
      result.set(name.replace("head.", "classifier."), tensor);
      continue;
    }
    const to = renames.reduce((text, [from, into]) => text.replace(from, into), name);
    const joined = /^(.*)\.attn\.qkv\.(weight|bias)$/.exec(to);
    if (joined === null) result.set(prefix + to, tensor);
    else {
      const [n, ...rest] = tensor.shape;
      const size = tensor.data.length / 3;
      ["query", "key", "value"].forEach((part, i) =>
        result.set(`${prefix}${joined[1]}.attention.attention.${part}.${joined[2]}`, {
          dtype: "f32",
          shape: [n / 3, ...rest],
          data: (tensor.data as Float32Array).slice(i * size, (i + 1) * size),
        })
      );
    }
  }
  return result;
}

for (const prefix of ["vit.", "deit.", ""]) {
  Deno.test(`names: Hugging Face's "${prefix}…" become timm's`, () => {
    const renamed = canonicalNames(toHuggingFace(DEIT, prefix));
    assert.deepEqual([...renamed.keys()].sort(), [...DEIT.keys()].sort());
    for (const [name, { shape, data }] of DEIT) {
      assert.deepEqual(renamed.get(name)!.shape, shape, name);
      assert.deepEqual(
        [...renamed.get(name)!.data as Float32Array],
        [...data as Float32Array],
        name,
      );
    }
  });
}

const NOTHING: Tensor = { dtype: "f32", shape: [1], data: new Float32Array(1) };

Deno.test("names: newer timm puts a Swin's downsample at the start of a stage", () => {
  const renamed = canonicalNames(
    new Map([
      ["patch_embed.proj.weight", NOTHING],
      ["layers.1.downsample.reduction.weight", NOTHING],
      ["layers.1.blocks.0.norm1.weight", NOTHING],
      ["head.fc.weight", NOTHING],
    ]),
  );
  assert.deepEqual([...renamed.keys()], [
    "patch_embed.proj.weight",
    "layers.0.downsample.reduction.weight",
    "layers.1.blocks.0.norm1.weight",
    "head.weight",
  ]);
});

Deno.test("names: what stands before all of them is taken off, and heads beside lose their wrapper", () => {
  for (const prefix of ["", "module.", "backbone.", "module.model.", "_orig_mod.module."]) {
    const wrapper = prefix.replace("backbone.", "");
    const renamed = canonicalNames(
      new Map([
        [`${prefix}patch_embed.proj.weight`, NOTHING],
        [`${prefix}blocks.0.norm1.weight`, NOTHING],
        [`${wrapper}head.weight`, NOTHING],
      ]),
    );
    assert.deepEqual([...renamed.keys()], [
      "patch_embed.proj.weight",
      "blocks.0.norm1.weight",
      "head.weight",
    ]);
  }
});

Deno.test("names: two networks, two tensors of one name and thirds alone are refused", () => {
  const cases: [names: string[], message: RegExp][] = [
    [["a.patch_embed.proj.weight", "b.patch_embed.proj.weight"], /several networks: "a\.…", "b/],
    [["patch_embed.proj.weight", "head.weight", "head.fc.weight"], /both "head\.weight"/],
    [["cls_token"], /no tensor "patch_embed/],
    [[
      "vit.embeddings.patch_embeddings.projection.weight",
      "vit.encoder.layer.0.attention.attention.query.weight",
    ], /no tensor "blocks\.0\.attn\.key\.weight"/],
  ];
  for (const [names, message] of cases) {
    const weights = new Map(names.map((name) => [name, NOTHING]));
    assert.throws(() => canonicalNames(weights), { name: "FewbitError", message });
  }
});

Deno.test("names: a tensor that is left, or that could not be read, is named", () => {
  const weights = Object.assign(
    new Map([["module.patch_embed.proj.weight", NOTHING], ["module.extra", NOTHING]]),
    { skipped: new Map([["module.norm.weight", "a sparse tensor"]]) },
  );
  const named = canonicalNames(weights);
  named.get("patch_embed.proj.weight");
  const extra = /uses the tensor "module\.extra"/;
  assert.throws(() => named.assertAllUsed([]), { code: "unsupported", message: extra });
  const skipped = /uses the tensor "module\.norm\.weight"/;
  assert.throws(() => named.assertAllUsed([/^extra$/]), { code: "unsupported", message: skipped });
  named.assertAllUsed([/^extra$/, /^norm\.weight$/]);
  const sparse = /"module\.norm\.weight" is a sparse tensor/;
  assert.throws(() => named.get("norm.weight"), { code: "unsupported", message: sparse });
});

Deno.test("config: timm's and Hugging Face's keys give the same sizes", () => {
  const timm = visionConfig({ architecture: "deit_small_patch16_224", num_classes: 10 });
  const huggingFace = visionConfig({
    model_type: "vit",
    hidden_size: 384,
    num_hidden_layers: 12,
    num_attention_heads: 6,
    intermediate_size: 1536,
    image_size: 224,
    patch_size: 16,
    layer_norm_eps: 1e-6,
    num_labels: 10,
  });
  assert.deepEqual(timm, huggingFace);
  const swin = visionConfig({ architecture: "swin_base_patch4_window7_224" });
  assert.ok(swin.family === "swin");
  assert.deepEqual([swin.widths[0], swin.depths, swin.heads], [128, [2, 2, 18, 2], [4, 8, 16, 32]]);
});

Deno.test("config: sizes are read off the shapes of the tensors", () => {
  const config = visionConfig(inferVisionConfig(DEIT, { num_heads: 2 }));
  assert.ok(config.family === "deit");
  assert.deepEqual(
    [config.imageSize, config.patchSize, config.width, config.depth, config.classes],
    [[32, 32], 8, 32, 2, 5],
  );
});

Deno.test("config: 60 Swins' sizes are read off the shapes of the tensors", () => {
  const tensor = (...shape: number[]): Tensor => ({
    dtype: "f32",
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)),
  });
  for (let n = 0; n < 60; n++) {
    const [width, hidden] = [4 + n % 5, 7 + n];
    const weights = new Map([
      ["patch_embed.proj.weight", tensor(width, 1, 2, 2)],
      ["head.weight", tensor(3, 2 * width)],
    ]);
    for (const stage of [0, 1]) {
      const block = `layers.${stage}.blocks.0.`;
      weights.set(`${block}attn.relative_position_bias_table`, tensor(49, 1 + stage));
      weights.set(`${block}mlp.fc1.weight`, tensor(hidden * (1 + stage), width * (1 + stage)));
    }
    const config = visionConfig(inferVisionConfig(weights));
    assert.ok(config.family === "swin");
    assert.deepEqual(
      [config.widths, config.hiddens, config.heads, config.windows, config.qkvBias],
      [[width, 2 * width], [hidden, 2 * hidden], [1, 2], [4, 4], false],
    );
  }
});

Deno.test("config: hostile values are typed errors", () => {
  for (
    const config of [
      {},
      { model_type: "bert" },
      { model_type: "vit", hidden_size: -1 },
      { model_type: "vit", hidden_size: 1e12 },
      { model_type: "vit", hidden_size: 192, num_hidden_layers: 12, num_attention_heads: 5 },
      { model_type: "vit", hidden_size: "many" },
      { model_type: "vit", problem_type: "multi_label_classification" },
      { model_type: "swin", problem_type: "regression" },
      { model_type: "swin", embed_dim: 96, depths: [2, 2], num_heads: [3] },
      { model_type: "swin", embed_dim: 96, depths: "2", num_heads: [3] },
      { architecture: "resnet50" },
      { architecture: "deit_tiny_patch16_224", model_args: { magic: 1 } },
      { architecture: "deit_tiny_patch16_224", model_args: "none" },
      { architecture: "deit_tiny_patch16_224", model_args: { embed_dim: [] } },
      { architecture: "deit_tiny_patch16_224", input_size: 3 },
    ]
  ) assert.throws(() => visionConfig(config), FewbitError, JSON.stringify(config));
});
