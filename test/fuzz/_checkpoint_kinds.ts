/** Damaged checkpoints and configs through readers and conversion. */
import assert from "node:assert/strict";
import { load } from "../../src/engines/load.ts";
import { readPth } from "../../src/formats/pth.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { convertVision } from "../../src/compile/vision.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Kind } from "./_kind.ts";
import { mutateBytes, NUMBERS } from "./_mutate_bytes.ts";
import { mutateJson } from "./_mutate_json.ts";
import type { Json } from "./_mutate_json.ts";
import { TINY, TINY_CONFIG } from "./_program_seeds.ts";
import type { Random } from "./_random.ts";
import { resultOrCode } from "./_typed.ts";
import { tensorOf } from "../../src/tensor.ts";

const PTH = new URL("../vectors/tiny/deit.pth", import.meta.url);
const LEGACY = new URL("../vectors/tiny/deit_legacy.pth", import.meta.url);

type Weights = ReadonlyMap<string, Tensor>;

/** Mutants of safetensors and `.pth` files. */
export async function checkpointKinds(): Promise<Kind[]> {
  const safetensors = await Deno.readFile(TINY);
  const [pth, legacy] = await Promise.all([PTH, LEGACY].map((file) => Deno.readFile(file)));
  const header = new DataView(safetensors.buffer).getUint32(0, true) + 8;
  const good = readSafetensors(safetensors);
  return [{
    name: "safetensors",
    share: 0.08,
    check: (random) =>
      checkConversion(() => {
        if (random.chance(0.5)) return mutateWeights(good, random);
        return readSafetensors(mutateBytes(safetensors, pth, random, [0, header]));
      }, random),
  }, {
    name: "pth",
    share: 0.08,
    check: (random) => {
      const [file, hot] = random.pick(
        [
          // Records of a zip stand at its end; the first one holds the pickle.
          [pth, random.chance(0.5) ? [0, 12_000] : [pth.length - 12_000, pth.length]],
          [legacy, [0, 16_000]],
        ] as [Uint8Array, [number, number]][],
      );
      return checkConversion(() => readPth(mutateBytes(file, safetensors, random, hot)), random);
    },
  }];
}

async function checkConversion(
  read: () => Weights | Promise<Weights>,
  random: Random,
): Promise<string> {
  const opened = await resultOrCode(read);
  if ("code" in opened) return `read: ${opened.code}`;
  const config = random.chance(0.3) ? mutateConfig(random) : TINY_CONFIG;
  const converted = await resultOrCode(() => convertVision({ config, weights: opened.result }));
  if ("code" in converted) return `convert: ${converted.code}`;
  const { program } = converted.result;
  const loaded = await resultOrCode(() =>
    load(program, { workLimit: 2 ** 26, memoryLimitBytes: 2 ** 26, symbols: { max_batch: 1 } })
  );
  if ("code" in loaded) return `load: ${loaded.code}`;
  using instance = loaded.result;
  const { extents } = program.tensors.find(({ name }) => name === "pixels")!;
  const size = extents.reduce((n, e) => n * Math.max(1, program.expressions[e].constant), 1);
  const pixels = Uint8Array.from({ length: size }, () => random.integer(0, 255));
  const { logits } = instance.runSync({ pixels });
  assert.deepEqual([logits.dtype, logits.shape.length, logits.shape[0]], ["f32", 2, 1]);
  assert.equal(logits.data.length, logits.shape[1]);
  return "converted and ran";
}

function mutateConfig(random: Random): Record<string, Json> {
  const good = {
    ...TINY_CONFIG,
    architecture: "deit",
    image_size: 32,
    num_classes: 10,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    id2label: { "0": "a", "1": "b" },
    crop_pct: 0.9,
  };
  return Object(mutateJson(good, random)) as Record<string, Json>;
}

function mutateWeights(good: Weights, random: Random): Weights {
  const weights = new Map(good);
  const names = [...weights.keys()];
  for (let changes = random.integer(1, 3); changes > 0; changes--) {
    const name = random.pick(names);
    const tensor = good.get(name)!;
    switch (random.integer(0, 6)) {
      case 0:
        weights.delete(name);
        break;
      case 1:
        weights.set(name, good.get(random.pick(names))!);
        break;
      case 2:
        weights.set(name, { ...tensor, shape: reshaped(tensor.shape, random) });
        break;
      case 3:
        weights.set(random.pick(["__proto__", `${name}.x`, name.slice(1), "constructor"]), tensor);
        break;
      default:
        weights.set(name, withNumbers(tensor, random));
    }
  }
  return weights;
}

/** The same number of elements otherwise. */
function reshaped(shape: readonly number[], random: Random): number[] {
  const count = shape.reduce((a, b) => a * b, 1);
  return random.pick([
    [count],
    [1, ...shape],
    [...shape, 1],
    [...shape].reverse(),
    [count, 1],
    [0],
    [...shape.slice(1)],
    count % 2 === 0 ? [2, count / 2] : [1, count],
  ]);
}

function withNumbers(tensor: Tensor, random: Random): Tensor {
  const data = tensor.data.slice();
  if (data instanceof BigInt64Array || data.length === 0) return tensor;
  const bits = new Float32Array(1);
  const many = random.chance(0.3);
  for (let n = many ? data.length : random.integer(1, 4); n > 0; n--) {
    new Uint32Array(bits.buffer)[0] = random.pick(NUMBERS);
    const value = random.pick([bits[0], random.integer(-140, 140), 0, 1e-30, 1e30, 0.5, -1]);
    data[many ? n - 1 : random.integer(0, data.length - 1)] = value;
  }
  return tensorOf(tensor.dtype, tensor.shape, data);
}
