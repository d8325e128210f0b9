/** Checkpoints of MatMul-free models that are damaged, hostile or not what their config says. */
import assert from "node:assert/strict";
import { FewbitError } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { hgrnBitConfig } from "../../src/models/hgrn_bit_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import type { TextFiles } from "../../src/checkpoints/text_checkpoint.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { buildSeeded } from "../golden/seeded.ts";
import { compileHgrn, configOf, layoutHgrn } from "./_hgrn.ts";

const SIZES = { vocabulary: 12, width: 8, depth: 2, hidden: 16 };
const CONFIG = configOf(SIZES);
const WEIGHTS = buildSeeded(layoutHgrn(SIZES), 1);
const LAYER = "model.layers.1.attn.i_proj.weight";

/** The checkpoint with some tensors replaced, or taken out (`undefined`). */
function changed(changes: Readonly<Record<string, Tensor | undefined>>): Map<string, Tensor> {
  const weights = new Map(WEIGHTS);
  for (const [name, tensor] of Object.entries(changes)) {
    if (tensor === undefined) weights.delete(name);
    else weights.set(name, tensor);
  }
  return weights;
}

function withValue(name: string, value: number): Record<string, Tensor> {
  const { shape, data } = WEIGHTS.get(name)!;
  const copy = Float32Array.from(data as Float32Array);
  copy[copy.length - 1] = value;
  return { [name]: { dtype: "f32", shape, data: copy } };
}

const zeros = (...shape: number[]): Tensor => ({
  dtype: "f32",
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)),
});

const TENSORS:
  readonly (readonly [string, Record<string, Tensor | undefined>, ErrorCode, RegExp])[] = [
    ...[...WEIGHTS.keys()].filter((name) => name !== "model.embeddings.weight").map((name) =>
      [
        `without ${name}`,
        { [name]: undefined },
        "not_found",
        new RegExp(name.replaceAll(".", "\\.")),
      ] as const
    ),
    ["without an embedding", { "model.embeddings.weight": undefined }, "not_found", /embeddings/],
    ["with two embeddings", { "embeddings.weight": zeros(12, 8) }, "not_found", /found 2/],
    ["transposed", { "model.embeddings.weight": zeros(8, 12) }, "shape_mismatch", /\[12,8\]/],
    [
      "half an MLP",
      {
        "model.layers.0.mlp.gate_proj.weight": zeros(16, 8),
      },
      "shape_mismatch",
      /gate_proj.*\[32,8\]/,
    ],
    [
      "a norm of the wrong size",
      {
        "model.layers.0.mlp.down_proj.norm.weight": zeros(8),
      },
      "shape_mismatch",
      /down_proj/,
    ],
    [
      "integers",
      {
        [LAYER]: { dtype: "i8", shape: [8, 8], data: new Int8Array(64) },
      },
      "dtype_mismatch",
      /i_proj.*i8/,
    ],
    [
      "float64",
      {
        [LAYER]: { dtype: "f64", shape: [8, 8], data: new Float64Array(64) },
      },
      "dtype_mismatch",
      /f64/,
    ],
    ["a bias", { "lm_head.bias": zeros(12) }, "unsupported", /lm_head\.bias/],
    [
      "a convolution",
      {
        "model.layers.0.attn.h_conv1d.weight": zeros(8, 1, 4),
      },
      "unsupported",
      /h_conv1d/,
    ],
    ["NaN in latents", withValue(LAYER, NaN), "invalid_file", /i_proj.*NaN/],
    ["an infinite latent", withValue("lm_head.weight", Infinity), "invalid_file", /lm_head.*Inf/],
    ["NaN in a norm", withValue("model.norm.weight", NaN), "invalid_file", /model\.norm/],
    ["NaN in bounds", withValue("model.lower_bounds", NaN), "invalid_file", /lower_bounds/],
    ["NaN in the embedding", withValue("model.embeddings.weight", NaN), "invalid_file", /embed/],
    [
      "NaN in half precision",
      {
        [LAYER]: { dtype: "f16", shape: [8, 8], data: new Uint16Array(64).fill(0x7E00) },
      },
      "invalid_file",
      /i_proj/,
    ],
  ];

async function assertFails(
  weights: ReadonlyMap<string, Tensor>,
  files: TextFiles,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(compileTextModel(lazyWeights(weights), files), (error) => {
    assert.ok(error instanceof FewbitError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

for (const [name, changes, code, message] of TENSORS) {
  Deno.test(`hgrn: a checkpoint ${name} is refused`, () =>
    assertFails(changed(changes), { config: CONFIG }, code, message));
}

const CONFIGS: readonly (readonly [Record<string, unknown>, ErrorCode, RegExp])[] = [
  [{ architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" }, "unsupported", /Qwen2ForCausalLM/],
  [{ architectures: 3, model_type: null }, "unsupported", /architectures/],
  [{ expand_ratio: 2 }, "unsupported", /expand_ratio/],
  [{ expand_ratio: "1" }, "unsupported", /expand_ratio/],
  [{ hidden_act: "gelu" }, "unsupported", /hidden_act/],
  [{ num_hidden_layers: 3 }, "shape_mismatch", /lower_bounds/],
  [{ num_hidden_layers: 3, use_lower_bound: false }, "not_found", /layers\.2/],
  [{ num_hidden_layers: 1, use_lower_bound: false }, "unsupported", /layers\.1/],
  [{ vocab_size: 13 }, "shape_mismatch", /embeddings/],
  [{ hidden_size: 16 }, "shape_mismatch", /embeddings/],
  [{ intermediate_size: 8 }, "shape_mismatch", /gate_proj/],
  [{ intermediate_size: null }, "shape_mismatch", /gate_proj/],
  [{ use_short_conv: true }, "not_found", /h_conv1d/],
  [{ use_short_conv: true, share_conv_kernel: false }, "not_found", /i_conv1d/],
  [{ hidden_size: 2 ** 40 }, "invalid_file", /hidden_size/],
  [{ hidden_size: 8.5 }, "invalid_file", /hidden_size/],
  [{ hidden_size: "8" }, "invalid_file", /hidden_size/],
  [{ vocab_size: undefined }, "invalid_file", /vocab_size/],
  [{ vocab_size: -1 }, "invalid_file", /vocab_size/],
  [{ num_hidden_layers: 1e9 }, "invalid_file", /num_hidden_layers/],
  [{ hidden_ratio: 1e-9, intermediate_size: null }, "invalid_file", /hidden_ratio/],
  [{ rms_norm_eps: 0 }, "invalid_file", /rms_norm_eps/],
  [{ rms_norm_eps: NaN }, "invalid_file", /rms_norm_eps/],
  [{ use_lower_bound: 1 }, "invalid_file", /use_lower_bound/],
  [{ tie_word_embeddings: "no" }, "invalid_file", /tie_word_embeddings/],
  [{ use_short_conv: true, conv_size: 1e6 }, "invalid_file", /conv_size/],
  [{ eos_token_id: [2, 12] }, "invalid_file", /eos_token_id/],
  [{ bos_token_id: { toString: 3 } }, "invalid_file", /bos_token_id/],
  [{ temperature: "hot" }, "invalid_file", /temperature/],
];

for (const [changes, code, message] of CONFIGS) {
  Deno.test(`hgrn: a config with ${JSON.stringify(changes)} is refused`, () =>
    assertFails(WEIGHTS, { config: { ...CONFIG, ...changes } }, code, message));
}

Deno.test("hgrn: the MLP's size follows from the ratio as in the published models", () => {
  const base = { ...CONFIG, intermediate_size: null, hidden_ratio: 4 };
  for (const [width, hidden] of [[1024, 2816], [2048, 5632], [2560, 6912]]) {
    assert.equal(hgrnBitConfig({ ...base, hidden_size: width }).hidden, hidden);
  }
});

Deno.test("hgrn: a tokenizer that is none, or with more pieces than the model, is refused", async () => {
  const vocab = Object.fromEntries(Array.from({ length: 13 }, (_, id) => [`t${id}`, id]));
  const tokenizer = { model: { type: "BPE", vocab, merges: [] } };
  await assertFails(WEIGHTS, { config: CONFIG, tokenizer }, "invalid_file", /ids up to 12/);
  const none = { model: { type: "BPE" } };
  await assertFails(WEIGHTS, { config: CONFIG, tokenizer: none }, "invalid_file", /tokenizer/i);
});

Deno.test("hgrn: an aborted conversion stops with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  let seen = 0;
  const done = compileTextModel(lazyWeights(WEIGHTS), { config: CONFIG }, {
    signal: controller.signal,
    onProgress: (tensors, total) => {
      assert.equal(total, 6 * SIZES.depth + 1);
      seen = tensors;
      if (tensors === 3) controller.abort(reason);
    },
  });
  await assert.rejects(done, reason);
  assert.equal(seen, 3);
});

/** Runs with a folder of these files. */
async function withFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, contents] of Object.entries(files)) {
      const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("hgrn: a folder in one file and in shards is the same program", async () => {
  const expected = await compileHgrn(WEIGHTS, CONFIG);
  const names = [...WEIGHTS.keys()];
  const part = (which: number): Map<string, Tensor> =>
    new Map([...WEIGHTS].filter((_, i) => i % 2 === which));
  const weight_map = Object.fromEntries(
    names.map((name, i) => [name, `part-${i % 2}.safetensors`]),
  );
  const config = JSON.stringify(CONFIG);
  const folders: Record<string, string | Uint8Array>[] = [
    { "config.json": config, "model.safetensors": writeSafetensors(WEIGHTS) },
    {
      "config.json": config,
      "model.safetensors.index.json": JSON.stringify({ weight_map }),
      "part-0.safetensors": writeSafetensors(part(0)),
      "part-1.safetensors": writeSafetensors(part(1)),
    },
  ];
  for (const files of folders) {
    await withFolder(files, async (folder) => {
      const { weights, ...rest } = await openTextCheckpoint(folder);
      const { program } = await compileTextModel(weights, rest);
      assert.deepEqual(await encodeProgram(program), expected);
    });
  }
});

Deno.test("hgrn: folders without a config, without weights or with damaged ones are refused", async () => {
  const config = JSON.stringify(CONFIG);
  const whole = writeSafetensors(WEIGHTS);
  const index = JSON.stringify({ weight_map: { "model.norm.weight": "part.safetensors" } });
  const cases: [Record<string, string | Uint8Array>, ErrorCode, RegExp][] = [
    [{}, "not_found", /config\.json/],
    [{ "config.json": config }, "not_found", /model\.safetensors/],
    [{ "config.json": "{" }, "invalid_file", /JSON/],
    [{ "config.json": "[]" }, "invalid_file", /object/],
    [{ "config.json": config, "model.safetensors": whole.slice(0, -1) }, "invalid_file", /end/],
    [{ "config.json": config, "model.safetensors": whole.slice(0, 7) }, "invalid_file", /7 bytes/],
    [{ "config.json": config, "model.safetensors": "" }, "invalid_file", /0 bytes/],
    [
      { "config.json": config, "model.safetensors": Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0) },
      "invalid_file",
      /header length/,
    ],
    [{ "config.json": config, "model.safetensors.index.json": index }, "not_found", /part\./],
  ];
  for (const [files, code, message] of cases) {
    await withFolder(files, (folder) =>
      assert.rejects(openTextCheckpoint(folder), (error) => {
        assert.ok(error instanceof FewbitError, `${error}`);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      }));
  }
});

Deno.test("hgrn: a file that is cut while it is converted is refused", async () => {
  const files = {
    "config.json": JSON.stringify(CONFIG),
    "model.safetensors": writeSafetensors(WEIGHTS),
  };
  await withFolder(files, async (folder) => {
    const { weights, ...rest } = await openTextCheckpoint(folder);
    await Deno.truncate(`${folder}/model.safetensors`, 4096);
    await assert.rejects(compileTextModel(weights, rest), { code: "invalid_file" });
  });
});
