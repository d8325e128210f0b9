/** The files that examples name. */
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { encodeHuggingFace } from "../../src/formats/ternary/hugging_face.ts";
import { writeParts } from "../../src/cli/_write_parts.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { Tensor } from "../../src/tensor.ts";
import { array, ggufFile, text, TYPES, u32 } from "../formats/_gguf_builder.ts";
import type { Pair } from "../formats/_gguf_builder.ts";
import { join } from "../formats/_join.ts";
import { MODEL_BYTES, TENSOR_BYTES } from "../formats/_onnx_samples.ts";
import { TINY_CHATS } from "../pipelines/_tiny_chats.ts";
import { CALIBRATION, tinyTokenizer, writeTinyEncoder } from "../pipelines/_tiny_encoder.ts";
import { BYTE_PAIR } from "../text/_vocabularies.ts";

const root = new URL("../../", import.meta.url);

/** Writes them to an empty folder. */
export async function writeFixtures(folder: string): Promise<void> {
  const write = (name: string, bytes: Uint8Array): Promise<void> =>
    Deno.writeFile(`${folder}/${name}`, bytes);
  const copy = (name: string, path: string): Promise<void> =>
    Deno.copyFile(new URL(path, root), `${folder}/${name}`);
  await Deno.symlink(new URL("examples", root), `${folder}/examples`);
  await Deno.mkdir(`${folder}/models/my-model`, { recursive: true });
  await Deno.mkdir(`${folder}/test_data_set_0`);
  await Deno.writeTextFile(
    `${folder}/models/my-model/tokenizer.json`,
    JSON.stringify(tinyTokenizer()),
  );
  await copy("model.fewbit", "models/vit-fashion-mnist.fewbit");
  await writeParts(
    `${folder}/model.fewbit`,
    await Deno.readFile(`${folder}/model.fewbit`),
    1_000_000,
    new AbortController().signal,
  );
  await copy("hgrn-bit-shakespeare.fewbit", "models/hgrn-bit-shakespeare.fewbit");
  await writeParts(
    `${folder}/model.fewbit`,
    await Deno.readFile(`${folder}/model.fewbit`),
    2 ** 20,
    new AbortController().signal,
  );
  await copy("cat.jpg", "test/vectors/images/rgb_444.jpg");
  await copy("deit.pth", "test/vectors/tiny/deit.pth");
  await write("minilm.fewbit", await tinyEncoder());
  await write("smollm2.fewbit", TINY_CHATS["rows of integers"]);
  await write("model.gguf", gguf());
  await write("model.onnx", MODEL_BYTES);
  await write("test_data_set_0/input_0.pb", TENSOR_BYTES);
  await write("input.npy", writeNpy(floats(2, 3)));
  await write("t10k-images-idx3-ubyte.gz", await pictures());
  await writeCheckpoint(folder);
}

function floats(...shape: number[]): Tensor {
  const length = shape.reduce((a, b) => a * b);
  return { dtype: "f32", shape, data: Float32Array.from({ length }, (_, i) => i / 8) };
}

/** Tensors that are packed and not, in one file and in two that an index names. */
async function writeCheckpoint(folder: string): Promise<void> {
  const [rows, columns] = [4, 8];
  const projection = "model.layers.0.self_attn.q_proj.weight";
  const packed = encodeHuggingFace({
    dtype: "ternary",
    shape: [rows, columns],
    trits: Int8Array.from({ length: rows * columns }, (_, i) => i % 3 - 1),
    scales: Float32Array.of(1),
    blockSize: rows * columns,
  });
  const tensors: Record<string, Tensor> = {
    "head.weight": floats(3, columns),
    "lm_head.weight": floats(5, columns),
    [projection]: packed,
    [`${projection}_scale`]: { dtype: "f32", shape: [1], data: Float32Array.of(2) },
  };
  const all = Object.entries(tensors);
  await Deno.writeFile(`${folder}/model.safetensors`, writeSafetensors(new Map(all)));
  const files: Record<string, string> = {};
  for (const [i, part] of [all.slice(0, 2), all.slice(2)].entries()) {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    await Deno.writeFile(`${folder}/${file}`, writeSafetensors(new Map(part)));
    for (const [name] of part) files[name] = file;
  }
  await Deno.writeTextFile(
    `${folder}/model.safetensors.index.json`,
    JSON.stringify({ metadata: {}, weight_map: files }),
  );
  await Deno.writeTextFile(
    `${folder}/config.json`,
    JSON.stringify({ quantization_config: { quant_method: "bitnet" } }),
  );
}

/** A file with two tensors and a vocabulary. */
function gguf(): Uint8Array {
  const { model, pre, tokens, merges, token_type, bos_token_id, eos_token_id } = BYTE_PAIR;
  const string = (key: string, value: string): Pair => [key, TYPES.string, text(value)];
  const number = (key: string, value: number): Pair => [key, TYPES.u32, u32(value)];
  const texts = (key: string, values: readonly string[]): Pair => [
    key,
    TYPES.array,
    array(TYPES.string, values.length, ...values.map(text)),
  ];
  const [rows, columns] = [tokens.length, 4];
  return ggufFile({
    pairs: [
      string("general.architecture", "gpt2"),
      string("tokenizer.ggml.model", model),
      string("tokenizer.ggml.pre", pre),
      texts("tokenizer.ggml.tokens", tokens),
      texts("tokenizer.ggml.merges", merges),
      [
        "tokenizer.ggml.token_type",
        TYPES.array,
        array(TYPES.u32, token_type.length, ...token_type.map(u32)),
      ],
      number("tokenizer.ggml.bos_token_id", bos_token_id),
      number("tokenizer.ggml.eos_token_id", eos_token_id),
    ],
    tensors: [
      { name: "token_embd.weight", extents: [columns, rows], type: 0, offset: 0 },
      { name: "output_norm.weight", extents: [columns], type: 0, offset: 128 },
    ],
    data: new Uint8Array(128 + 4 * columns),
  });
}

/** Two black pictures as MNIST's files have them. */
async function pictures(): Promise<Uint8Array> {
  const extents = [2, 28, 28].flatMap((extent) => [0, 0, 0, extent]);
  const bytes = join([0, 0, 8, 3], extents, new Uint8Array(2 * 28 * 28));
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A sentence encoder that is small. */
async function tinyEncoder(): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    writeTinyEncoder(folder);
    const texts = CALIBRATION;
    return await encodeProgram(await quantizeEncoder(await readEncoderFolder(folder), { texts }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
