/**
 * Memory of training: float32 beside bfloat16, what it is for, and what a step takes longer in less of it.
 *
 *     deno run -A --config bench/deno.json bench/training/memory.ts [ROUNDS]
 *
 * Writes `memory.json` and `curves/memory.svg`, and prints the tables.
 */
import { FewbitError } from "../../src/errors.ts";
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { tinyClassifier } from "../../src/training/tiny_classifier.ts";
import type { TinyTrainingSettings } from "../../src/training/tiny_classifier.ts";
import type { TinyNetwork } from "../../src/training/tiny_network.ts";
import { TRAIN_STEP } from "../../src/training/training_graph.ts";
import type { Trainer } from "../../src/training/trainer.ts";
import { Stream } from "../../test/golden/seeded.ts";
import { interleave } from "../interleave.ts";
import { drawMemory, RECORD, reportMemory } from "./memory_report.ts";
import type { MemoryCurve, MemoryRecord, MemorySize } from "./memory_report.ts";

const CLASSES = 10;
/** Rows, columns and channels, as MLPerf Tiny's ResNet8 and our DS-CNN have them. */
const PICTURES = { "resnet8": [32, 32, 3], "ds-cnn": [28, 28, 1] } as const;
/** Limits between what a step takes and the least. */
const LIMITS = 7;

const [MOMENTUM, PLAIN] = [{ kind: "sgd", momentum: 0.9 }, { kind: "sgd" }] as const;

type Net = keyof typeof PICTURES;
type Settings = Partial<TinyTrainingSettings> & { readonly batch: number };

function open(network: Net & TinyNetwork, settings: Settings): Promise<Trainer> {
  return tinyClassifier({
    ...{ network, classes: CLASSES, picture: PICTURES[network], rate: 1e-3, decay: 0, seed: 1 },
    ...{ optimizer: MOMENTUM, schedule: { kind: "constant" } },
    ...settings,
  });
}

async function sizeOf(network: Net, settings: Settings): Promise<MemorySize> {
  using trainer = await open(network, settings);
  const { dtype = "f32", batch } = settings;
  const { total, kinds } = trainer.memory;
  return { network, dtype: dtype as string, batch, total, kinds };
}

/** The least that a trainer takes: what the error says where it is given nothing. */
async function leastOf(network: Net, settings: Settings): Promise<number> {
  try {
    using _ = await open(network, { ...settings, memoryLimitBytes: 1 });
  } catch (error) {
    const [, bytes] = /the least is (\d+)/.exec((error as FewbitError).message) ?? [];
    if (error instanceof FewbitError && bytes !== undefined) return Number(bytes);
    throw error;
  }
  throw new Error("a network trains in one byte");
}

async function curveOf(
  network: Net,
  title: string,
  settings: Settings,
  rounds: number,
): Promise<MemoryCurve> {
  const least = await leastOf(network, settings);
  using whole = await open(network, settings);
  const trainers = [whole];
  for (let i = 1; i <= LIMITS; i++) {
    const memoryLimitBytes = Math.ceil(
      whole.memoryBytes + (least - whole.memoryBytes) * i / LIMITS,
    );
    trainers.push(await open(network, { ...settings, memoryLimitBytes }));
  }
  const stream = new Stream(5);
  const { batch } = settings;
  const inputs = {
    x: stream.take(batch * PICTURES[network].reduce<number>((a, b) => a * b, 1), 1),
    labels: Int32Array.from({ length: batch }, (_, i) => i % CLASSES),
  };
  const contenders = await Promise.all(trainers.map(async (trainer, i) => {
    const file = await encodeProgram(trainer.program);
    const instance = await loadWasm(file, { build: trainBuild() });
    const run = (): unknown => instance.runSync(inputs, { entry: TRAIN_STEP });
    return { name: String(i), instance, run };
  }));
  const timings = await interleave(contenders, { rounds });
  const points = trainers.map(({ memory: { total, regions, recomputed, cost } }, i) => ({
    total,
    counted: regions.parameter + regions.state + regions.arena,
    again: recomputed.reduce((sum, { times }) => sum + times, 0),
    cost,
    bestMs: timings.best(String(i)),
    medianMs: timings.median(String(i)),
  }));
  for (const { instance } of contenders) instance[Symbol.dispose]();
  for (const trainer of trainers.slice(1)) trainer[Symbol.dispose]();
  return { title, points };
}

/** Measures everything. */
export async function benchMemory(rounds: number): Promise<MemoryRecord> {
  const nets = ["resnet8", "ds-cnn"] as const;
  const sizes: MemorySize[] = [];
  for (const network of nets) {
    for (const batch of [32, 1]) {
      for (const dtype of ["f32", "bf16"] as const) {
        sizes.push(await sizeOf(network, { batch, dtype }));
      }
    }
  }
  const half = { dtype: "bf16" } as const;
  const small = { ...half, batch: 1, optimizer: PLAIN, releaseGradients: true } as const;
  const curves = [
    await curveOf("resnet8", "ResNet8, one picture, plain SGD", small, rounds),
    await curveOf("resnet8", "ResNet8, 32 pictures", { ...half, batch: 32 }, rounds),
    await curveOf("ds-cnn", "DS-CNN, 32 pictures", { ...half, batch: 32 }, rounds),
  ];
  return { sizes, curves };
}

if (import.meta.main) {
  const record = await benchMemory(Number(Deno.args[0] ?? 15));
  await Deno.writeTextFile(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
  await Deno.writeTextFile(
    new URL("curves/memory.svg", import.meta.url),
    drawMemory(record.curves),
  );
  console.log(reportMemory(record));
}
