/** A model of another kind says what it is and what uses it. */
import assert from "node:assert/strict";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { readCheckpointFolder } from "../../src/checkpoints/checkpoint_folder.ts";
import { readEncoderFolder } from "../../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../../src/compile/encoder_folder.ts";
import { ImageClassifier } from "../../src/pipelines/image/image_classifier.ts";
import { TextEmbedder } from "../../src/pipelines/embedding/text_embedder.ts";
import { TextGenerator } from "../../src/pipelines/text/text_generator.ts";
import { compileFloatVision } from "../../src/compile/vision.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { CALIBRATION, writeTinyEncoder } from "./_tiny_encoder.ts";

const IMAGES = new URL("../../models/vit-fashion-mnist.fewbit", import.meta.url);
const TEXTS = new URL("../../models/hgrn-shakespeare.fewbit", import.meta.url);

async function withFolders(run: (folders: Record<string, string>) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const folder = (name: string): string => `${root}/${name}`;
  try {
    writeTinyEncoder(folder("encoder"));
    const configs = {
      language: { architectures: ["HGRNBitForCausalLM"], model_type: "hgrn_bit" },
      images: { model_type: "vit", architectures: ["ViTForImageClassification"] },
      timm: { architecture: "deit_tiny_patch16_224" },
      llama: { model_type: "llama", architectures: ["LlamaForCausalLM"] },
      qwen: { model_type: "qwen2", architectures: ["Qwen2ForCausalLM"] },
    };
    for (const [name, config] of Object.entries(configs)) {
      await Deno.mkdir(folder(name));
      await Deno.writeTextFile(`${folder(name)}/config.json`, JSON.stringify(config));
      await Deno.writeFile(`${folder(name)}/model.safetensors`, writeSafetensors(new Map()));
    }
    const names = ["encoder", ...Object.keys(configs)];
    await run(Object.fromEntries(names.map((name) => [name, folder(name)])));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const LANGUAGE = /this is a language model; use "fewbit generate"/;
const ENCODER = /this is a sentence encoder; use "fewbit (quantize|embed)"/;
const CLASSIFIER = /this is an image classifier; use "fewbit (quantize|classify)/;
const OTHER = /this is a language model of the family "qwen2", which fewbit does not run/;

Deno.test("kinds: what is no model at all is refused", async () => {
  const pipelines = [ImageClassifier, TextEmbedder, TextGenerator] as const;
  for (const pipeline of pipelines) {
    for (const source of [null, 3, {}]) {
      await assert.rejects(pipeline.fromPretrained(source as unknown as URL), {
        name: "FewbitError",
        code: "invalid_argument",
        message: /Cannot load program from/,
      });
    }
  }
});

Deno.test("kinds: 6 programs in pipelines of another kind", () =>
  withFolders(async ({ encoder }) => {
    const program = await quantizeEncoder(await readEncoderFolder(encoder), { texts: CALIBRATION });
    const file = await encodeProgram(program);
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => ImageClassifier.fromPretrained(TEXTS), LANGUAGE],
      [() => ImageClassifier.fromPretrained(file), ENCODER],
      [() => TextEmbedder.fromPretrained(TEXTS), LANGUAGE],
      [() => TextEmbedder.fromPretrained(IMAGES), CLASSIFIER],
      [() => TextGenerator.fromPretrained(IMAGES), CLASSIFIER],
      [() => TextGenerator.fromPretrained(file), ENCODER],
    ];
    for (const [open, message] of cases) {
      await assert.rejects(open, { name: "FewbitError", code: "unsupported", message });
    }
  }));

Deno.test("kinds: 20 folders in pipelines of another kind", () =>
  withFolders(async ({ encoder, language, images, timm, llama, qwen }) => {
    const compile = async (folder: string): Promise<unknown> =>
      compileFloatVision(await readCheckpointFolder(folder));
    const cases: [(folder: string) => Promise<unknown>, string, RegExp][] = [
      [ImageClassifier.fromPretrained, language, LANGUAGE],
      [ImageClassifier.fromPretrained, encoder, ENCODER],
      [ImageClassifier.fromPretrained, llama, LANGUAGE],
      [ImageClassifier.fromPretrained, qwen, OTHER],
      [ImageClassifier.fromPretrained, images, CLASSIFIER],
      [ImageClassifier.fromPretrained, timm, CLASSIFIER],
      [TextEmbedder.fromPretrained, language, LANGUAGE],
      [TextEmbedder.fromPretrained, images, CLASSIFIER],
      [TextEmbedder.fromPretrained, timm, CLASSIFIER],
      [TextEmbedder.fromPretrained, llama, LANGUAGE],
      [TextEmbedder.fromPretrained, qwen, OTHER],
      [TextGenerator.fromPretrained, encoder, ENCODER],
      [TextGenerator.fromPretrained, images, CLASSIFIER],
      [TextGenerator.fromPretrained, timm, CLASSIFIER],
      [TextGenerator.fromPretrained, qwen, OTHER],
      [compile, language, LANGUAGE],
      [compile, encoder, ENCODER],
      [compile, llama, LANGUAGE],
      [compile, qwen, OTHER],
      [async (folder) => quantizeEncoder(await readEncoderFolder(folder)), language, LANGUAGE],
    ];
    for (const [open, folder, message] of cases) {
      const call = (): Promise<unknown> => Promise.resolve(folder).then((path) => open(path));
      await assert.rejects(call, { name: "FewbitError", code: "unsupported", message });
    }
  }));
