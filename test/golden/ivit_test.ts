/** Whole I-ViT networks against the oracle: every node with taps, the logits without. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import type { SyncEngineName } from "../../src/engines/load.ts";
import { readIdx } from "../../src/formats/idx.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { buildVisionModel } from "../../src/models/vision_model.ts";
import type { Weights } from "../../src/models/weights.ts";
import { compile } from "../../src/lower/compile.ts";
import type { CompiledProgram } from "../../src/program/program.ts";
import { quantizeIVit } from "../../src/quantize/i_vit.ts";
import { quantizeParameters } from "../../src/quantize/integer_parameters.ts";
import { buildSeeded, layoutDeiT, layoutSwin, Stream } from "./seeded.ts";
import { absent, fromBits, readJson, sha256, sha256Int32, SHARED } from "./_shared.ts";

const FASHION_IMAGES = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
const WASM: SyncEngineName[] = ["wasm-simd", "wasm-relaxed"];

interface Network {
  readonly name: string;
  readonly engines: readonly SyncEngineName[];
  readonly batch: number;
  readonly files: readonly string[];
  readonly channels: number;
  config(): Record<string, unknown>;
  weights(): Weights;
  image(): Promise<Float32Array>;
}

const NETWORKS: Network[] = [
  {
    name: "deit_t",
    engines: WASM,
    batch: 1,
    channels: 3,
    files: [],
    config: () => ({ model_type: "vit", architecture: "deit_tiny_patch16_224" }),
    weights: () => buildSeeded(layoutDeiT(), 7),
    image: () => Promise.resolve(new Stream(99).take(3 * 224 * 224, 2)),
  },
  {
    name: "swin_t",
    engines: WASM,
    batch: 1,
    channels: 3,
    files: [],
    config: () => ({ model_type: "swin", architecture: "swin_tiny_patch4_window7_224" }),
    weights: () => buildSeeded(layoutSwin(), 7),
    image: () => Promise.resolve(new Stream(99).take(3 * 224 * 224, 2)),
  },
  {
    name: "fashion",
    engines: [...WASM, "reference"],
    batch: 4,
    channels: 1,
    files: [FASHION_IMAGES],
    config: () => readJson("data/vit-fashion-mnist/config.json"),
    weights: () =>
      readSafetensors(Deno.readFileSync(`${SHARED}/data/vit-fashion-mnist/model.safetensors`)),
    image: async () => {
      const { data } = await readIdx(Deno.readFileSync(FASHION_IMAGES));
      const f = Math.fround;
      return Float32Array.from(
        (data as Uint8Array).subarray(0, 4 * 784),
        (u) => f(f(f(u / 255) - f(0.2860)) / f(0.3530)),
      );
    },
  },
];

async function run(
  program: CompiledProgram,
  engine: SyncEngineName,
  image: Float32Array,
  batch: number,
) {
  using instance = await load(program, { engine, symbols: { max_batch: batch } });
  return await instance.run({ image }, { entry: "normalized", symbols: { batch } });
}

for (const network of NETWORKS) {
  for (const variant of ["shift", "table", "table_w7"]) {
    const golden = `golden/ivit/${network.name}_${variant}.json`;
    Deno.test({
      name: `golden: ${network.name} ${variant}: every node's hash`,
      ignore: absent(`${SHARED}/${golden}`, ...network.files),
      fn: async (t) => {
        const expected = readJson(golden);
        const quantized = quantizeIVit(buildVisionModel(network.config(), network.weights()), {
          nonlinear: expected.mode,
          weightBits: expected.weight_bits,
          parameters: quantizeParameters(),
          pixelTable: new Float32Array(network.channels * 256),
        });
        const scales = new Map(
          Object.entries(expected.scales_f32_bits as Record<string, number>)
            .map(([name, bits]) => [name, fromBits(bits)]),
        );
        const image = await network.image();
        const taps = { entry: "normalized", values: quantized.taps };
        for (const engine of network.engines) {
          await t.step(`${engine}, taps`, async () => {
            const program = compile(quantized.graph, { scales, taps });
            const outputs = await run(program, engine, image, network.batch);
            const hashes = Object.fromEntries(
              Object.keys(expected.node_sha256_le_i32).map((name) =>
                [name, sha256Int32(outputs[name].data as Int32Array)] as const
              ),
            );
            assert.deepEqual(hashes, expected.node_sha256_le_i32);
            assert.equal(sha256(outputs.logits.data), expected.logits_f32_sha256);
          });
          await t.step(`${engine}, default`, async () => {
            const program = compile(quantized.graph, { scales });
            const outputs = await run(program, engine, image, network.batch);
            assert.equal(sha256(outputs.logits_i32.data), expected.logits_i32_sha256);
            assert.equal(sha256(outputs.logits.data), expected.logits_f32_sha256);
          });
        }
      },
    });
  }
}
