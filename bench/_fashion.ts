/** The small ViT for Fashion-MNIST, as it ships and as ONNX. */
import { readSafetensors } from "../src/formats/safetensors.ts";
import { visionConfig } from "../src/models/read_vision_config.ts";
import type { DeiTConfig } from "../src/models/vision_config.ts";
import { decodeImage } from "../src/vision/decode.ts";
import { normalize } from "./cold/normalize.ts";
import { readSharedJson, sharedPath } from "./shared.ts";
import { calibrateOnnx } from "./onnx/calibrate.ts";
import { FASTEST_OPS, quantizeStatic } from "./onnx/quantize_static.ts";
import { buildVitOnnx } from "./onnx/vit.ts";

const DATA = "data/vit-fashion-mnist";

/** Files of one picture and of the models. */
export interface FashionFiles {
  readonly model: string;
  readonly png: string;
  readonly pixels: string;
  readonly float: string;
  readonly qdq: string;
}

/** Writes what is not in the repository to a folder. */
export async function writeFashion(folder: string): Promise<FashionFiles> {
  const files: FashionFiles = {
    model: new URL("../models/vit-fashion-mnist.fewbit", import.meta.url).pathname,
    png: new URL("../examples/fashion/000-ankle-boot.png", import.meta.url).pathname,
    pixels: `${folder}/pixels.bin`,
    float: `${folder}/float.onnx`,
    qdq: `${folder}/qdq.onnx`,
  };
  const config = visionConfig(readSharedJson(`${DATA}/config.json`)) as DeiTConfig;
  const weights = readSafetensors(Deno.readFileSync(sharedPath(`${DATA}/model.safetensors`)));
  const pixels = decodeImage(Deno.readFileSync(files.png)).data;
  const float = buildVitOnnx(config, weights);
  const ranges = await calibrateOnnx(float, {
    image: { type: "float32", dims: [1, 1, 28, 28], data: normalize(pixels) },
  });
  Deno.writeFileSync(files.pixels, pixels);
  Deno.writeFileSync(files.float, float.encode());
  Deno.writeFileSync(files.qdq, quantizeStatic(float, ranges, FASTEST_OPS).encode());
  return files;
}
