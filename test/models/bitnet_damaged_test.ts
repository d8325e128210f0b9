/** What is no BitNet b1.58, or one that is damaged, is refused by name; nothing is half loaded. */
import assert from "node:assert/strict";
import { openTextCheckpoint } from "../../src/checkpoints/text_checkpoint.ts";
import { compileTextModel } from "../../src/compile/text.ts";
import { FewbitError } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { encodeI2S } from "../../src/formats/ternary/i2_s.ts";
import { encodeTQ2 } from "../../src/formats/ternary/tq2_0.ts";
import type { TernaryTensor } from "../../src/formats/ternary/ternary_tensor.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Random } from "../conformance/_random.ts";
import { text, TYPES } from "../formats/_gguf_builder.ts";
import type { Pair } from "../formats/_gguf_builder.ts";
import { bitNetConfigOf, bitNetMasters, packedOf, quantizationOf } from "./_bitnet.ts";
import { encodeTQ1, ggufOfMasters, ggufPairs } from "./_bitnet_gguf.ts";
import type { EncodeTrits } from "./_bitnet_gguf.ts";

const SIZES = { vocabulary: 20, width: 256, depth: 1, hidden: 256, heads: 4, kvHeads: 2 };
const MASTERS = bitNetMasters(SIZES, 5);
const CONFIG = bitNetConfigOf(SIZES);
const QUANTIZATION = quantizationOf("multiply");
const PACKED = packedOf(MASTERS, "multiply");
const PACKED_CONFIG = { ...CONFIG, quantization_config: QUANTIZATION };
const UP = "model.layers.0.mlp.up_proj.weight";

type Json = Readonly<Record<string, unknown>>;

async function assertFails(
  weights: ReadonlyMap<string, Tensor>,
  config: Json,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(compileTextModel(lazyWeights(weights), { config }), (error) => {
    assert.ok(error instanceof FewbitError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const LARGE = { hidden_size: 2 ** 13, num_attention_heads: 64, num_key_value_heads: 64 };
const CONFIGS: readonly (readonly [changes: Json, code: ErrorCode, message: RegExp])[] = [
  [{ architectures: ["BitnetForCausalLM"] }, "unsupported", /expected BitNetForCausalLM/],
  [{ architectures: "BitNetForCausalLM" }, "unsupported", /expected BitNetForCausalLM/],
  [{ hidden_act: "silu" }, "unsupported", /hidden_act "silu".*ReLU²/],
  [{ attention_bias: true }, "unsupported", /attention_bias/],
  [{ rope_scaling: { rope_type: "yarn" } }, "unsupported", /rope_scaling/],
  [{ num_key_value_heads: 3 }, "invalid_file", /num_key_value_heads/],
  [
    { ...LARGE, vocab_size: 2 ** 20 },
    "limit_exceeded",
    /with trits and a head in int8/,
  ],
  [{ quantization_config: "bitnet" }, "unsupported", /quantization_config/],
  ...([
    [{ quant_method: "gptq" }, /quant_method.*"gptq"/],
    [{ quantization_mode: "dynamic" }, /quantization_mode.*"dynamic"/],
    [{ linear_class: "fusedbitlinear" }, /linear_class.*"fusedbitlinear"/],
    [{ use_rms_norm: true }, /use_rms_norm true.*no norm inside/],
    [{ modules_to_not_convert: ["down_proj"] }, /modules_to_not_convert.*down_proj/],
  ] as const).map(([changes, message]) =>
    [{ quantization_config: { ...QUANTIZATION, ...changes } }, "unsupported", message] as const
  ),
];

for (const [changes, code, message] of CONFIGS) {
  Deno.test(`bitnet: a config with ${JSON.stringify(changes).slice(0, 90)} is refused`, () =>
    assertFails(PACKED, { ...PACKED_CONFIG, ...changes }, code, message));
}

Deno.test("bitnet: settings that change nothing, and the head left as it is", async () => {
  const quantization_config = {
    ...QUANTIZATION,
    use_rms_norm: false,
    modules_to_not_convert: ["lm_head"],
  };
  const auto_map = { AutoConfig: "configuration_bitnet.BitNetConfig" };
  const config = { ...CONFIG, quantization_config, auto_map };
  await compileTextModel(lazyWeights(PACKED), { config });
});

const floats = (shape: readonly number[], value = 1): Tensor => ({
  dtype: "f32",
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
});
const three: Tensor = { dtype: "u8", shape: [64, 256], data: new Uint8Array(64 * 256).fill(3) };

/** Tensors that take the place of others; `undefined`: none. */
const TENSORS: readonly (readonly [
  what: string,
  changes: Readonly<Record<string, Tensor | undefined>>,
  code: ErrorCode,
  message: RegExp,
])[] = [
  ["no scale", { [`${UP}_scale`]: undefined }, "not_found", /up_proj.*has no.*weight_scale/],
  ["two scales", { [`${UP}_scale`]: floats([2]) }, "shape_mismatch", /weight_scale is \[2\]/],
  ["an infinite scale", { [`${UP}_scale`]: floats([1], Infinity) }, "invalid_file", /Infinity/],
  [
    "an integer scale",
    {
      [`${UP}_scale`]: { dtype: "i32", shape: [1], data: Int32Array.of(1) },
    },
    "dtype_mismatch",
    /weight_scale is i32/,
  ],
  ["bytes that are no trits", { [UP]: three }, "invalid_file", /code 3/],
  [
    "rows that are missing",
    {
      [UP]: { dtype: "u8", shape: [32, 256], data: new Uint8Array(32 * 256) },
    },
    "shape_mismatch",
    /up_proj.*\[128,256\], expected \[256,256\]/,
  ],
  [
    "a float layer",
    {
      [UP]: MASTERS.get(UP),
      [`${UP}_scale`]: undefined,
    },
    "dtype_mismatch",
    /up_proj.*holds floats, expected ternary weights/,
  ],
  ["a float layer with a scale", { [UP]: MASTERS.get(UP) }, "dtype_mismatch", /holds floats/],
  [
    "no sub-norm",
    {
      "model.layers.0.mlp.ffn_sub_norm.weight": undefined,
    },
    "not_found",
    /ffn_sub_norm/,
  ],
  ["a bias", { "model.layers.0.mlp.up_proj.bias": floats([256]) }, "unsupported", /up_proj\.bias/],
  [
    "NaN in the table",
    {
      "model.embed_tokens.weight": floats([20, 256], NaN),
    },
    "invalid_file",
    /embed_tokens/,
  ],
];

for (const [what, changes, code, message] of TENSORS) {
  Deno.test(`bitnet: packed weights with ${what} are refused`, async () => {
    const weights = new Map(PACKED);
    for (const [name, tensor] of Object.entries(changes)) {
      if (tensor === undefined) weights.delete(name);
      else weights.set(name, tensor);
    }
    await assertFails(weights, PACKED_CONFIG, code, message);
  });
}

Deno.test("bitnet: packed weights without their config, and masters with one, are refused", async () => {
  await assertFails(PACKED, CONFIG, "dtype_mismatch", /q_proj.*is u8/);
  await assertFails(MASTERS, PACKED_CONFIG, "dtype_mismatch", /q_proj.*holds floats/);
  const stray = new Map(MASTERS).set(`${UP}_scale`, floats([1]));
  await assertFails(stray, CONFIG, "unsupported", /uses the tensor.*weight_scale/);
});

/** Runs with a file of that name. */
async function withFile(
  name: string,
  bytes: Uint8Array,
  run: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/${name}`, bytes);
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(PACKED_CONFIG));
    await run(name.endsWith(".gguf") ? `${folder}/${name}` : folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compileAt(path: string): Promise<void> {
  const { weights, ...files } = await openTextCheckpoint(path);
  await compileTextModel(weights, files);
}

const pairs = ggufPairs(SIZES);
const replaced = (pair: Pair): Pair[] => [...pairs.filter(([key]) => key !== pair[0]), pair];

Deno.test("bitnet: GGUF of another architecture, with float layers or two scales is refused", async () => {
  const uneven: EncodeTrits = (tensor: TernaryTensor) => {
    const scales = new Float32Array(tensor.trits.length / 256).fill(0.5);
    scales[1] = 0.25;
    return encodeTQ2({ ...tensor, scales, blockSize: 256 });
  };
  const cases: [Uint8Array, ErrorCode, RegExp][] = [
    [
      ggufOfMasters(
        MASTERS,
        replaced(["general.architecture", TYPES.string, text("bitnet")]),
        "TQ2_0",
        halved(encodeTQ2),
      ),
      "unsupported",
      /architecture is "bitnet", supported is "llama" or "bitnet-b1\.58"/,
    ],
    [ggufOfMasters(MASTERS, pairs, "TQ2_0", uneven), "unsupported", /has \d+ scales, expected one/],
    [ggufOfMasters(MASTERS, pairs, "BF16"), "dtype_mismatch", /q_proj.*holds floats/],
  ];
  for (const [bytes, code, message] of cases) {
    await withFile("m.gguf", bytes, (path) => assert.rejects(compileAt(path), { code, message }));
  }
});

/** Scales as float16, which blocks of ggml have. */
function halved(encode: EncodeTrits): EncodeTrits {
  return (tensor) => encode({ ...tensor, scales: Float32Array.of(2 ** -5) });
}

const FILES: readonly (readonly [name: string, bytes: () => Uint8Array])[] = [
  ["model.safetensors", () => writeSafetensors(PACKED)],
  ["tq1_0.gguf", () => ggufOfMasters(MASTERS, pairs, "TQ1_0", halved(encodeTQ1))],
  ["tq2_0.gguf", () => ggufOfMasters(MASTERS, pairs, "TQ2_0", halved(encodeTQ2))],
  ["i2_s.gguf", () => ggufOfMasters(MASTERS, pairs, "I2_S", encodeI2S)],
];

for (const [name, make] of FILES) {
  Deno.test(`bitnet: ${name}, damaged anywhere, is compiled or refused with a typed error`, async () => {
    const bytes = make();
    await withFile(name, bytes, compileAt);
    const random = new Random(name.length);
    const seen = { ok: 0, refused: 0 };
    for (let i = 0; i < 40; i++) {
      const damaged = bytes.slice(
        0,
        random.chance(0.1) ? random.integer(0, bytes.length) : undefined,
      );
      // Half of the changes are in the header.
      const end = random.chance(0.5) ? Math.min(2000, damaged.length) : damaged.length;
      for (let n = random.integer(1, 4); n > 0; n--) {
        damaged[random.integer(0, Math.max(0, end - 1))] = random.integer(0, 255);
      }
      await withFile(name, damaged, async (path) => {
        try {
          await compileAt(path);
          seen.ok++;
        } catch (error) {
          assert.ok(
            error instanceof FewbitError,
            `${error instanceof Error ? error.stack : error}`,
          );
          assert.notEqual(error.code, "internal");
          seen.refused++;
        }
      });
    }
    assert.ok(seen.refused > 10, JSON.stringify(seen));
  });
}
