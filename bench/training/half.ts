/**
 * 16-bit floats beside float32: products whose weights have 16 bits, and steps and memory of networks.
 *
 *     deno run -A --config bench/deno.json bench/training/half.ts [ROUNDS]
 */
import { loadWasm } from "../../src/engines/wasm/load.ts";
import { trainBuild } from "../../src/engines/wasm/train_module.ts";
import { narrowed } from "../../src/numeric/half.ts";
import { ProgramBuilder } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import type { TrainingType } from "../../src/training/half_precision.ts";
import { TRAIN_STEP } from "../../src/training/training_graph.ts";
import { Stream } from "../../test/golden/seeded.ts";
import { table, times } from "../../tools/markdown_table.ts";
import { interleave } from "../interleave.ts";
import type { Timings } from "../interleave.ts";
import { openConvolutional } from "./networks.ts";

const TYPES: readonly TrainingType[] = ["f32", "bf16", "f16"];
/** M×N×K: y `[M, N]` = a `[M, K]` · w `[N, K]`ᵀ. */
const SHAPES = [[192, 512, 512], [1, 8192, 8192]] as const;
const NETS = { resnet8: "a step of ResNet8, 64 pictures", ds_cnn: "a step of DS-CNN, 64 pictures" };

/** Times of one thing by the name of the type, and bytes of memory where it is a network. */
export interface HalfResult {
  readonly title: string;
  readonly timings: Timings;
  readonly bytes?: readonly number[];
}

/** Measures. */
export async function benchHalf(rounds: number): Promise<HalfResult[]> {
  const results: HalfResult[] = [];
  for (const [m, n, k] of SHAPES) {
    const stream = new Stream(m + k);
    const a = stream.take(m * k, 1);
    const weights = Float32Array.from({ length: n * k }, (_, i) => Math.sin(i));
    const opened = await Promise.all(TYPES.map(async (name) => {
      const instance = await openProduct(name, [m, n, k]);
      instance.write("w", name === "f32" ? weights : narrowed(name, weights));
      return { name, instance, run: () => instance.runSync({ a }) };
    }));
    results.push({ title: `${m}×${n}×${k}`, timings: await interleave(opened, { rounds }) });
    for (const { instance } of opened) instance[Symbol.dispose]();
  }
  for (const net of ["resnet8", "ds_cnn"] as const) {
    const opened = await Promise.all(TYPES.map(async (name) => {
      const { instance, inputs } = await openConvolutional(net, name);
      return { name, instance, run: () => instance.runSync(inputs, { entry: TRAIN_STEP }) };
    }));
    const timings = await interleave(opened, { rounds });
    const bytes = opened.map(({ instance }) => instance.memoryBytes);
    results.push({ title: NETS[net], timings, bytes });
    for (const { instance } of opened) instance[Symbol.dispose]();
  }
  return results;
}

async function openProduct(type: TrainingType, shape: readonly number[]) {
  const builder = new ProgramBuilder();
  const [m, n, k] = shape.map((extent) => builder.expression(extent));
  const one = builder.expression(1);
  const tensor = (region: "input" | "parameter" | "output", name: string, extents: number[]) =>
    builder.whole(builder.tensor({
      ...{ region, name, extents: [one, ...extents] },
      dtype: region === "parameter" ? type : "f32",
      encoding: region === "parameter" ? "zero" : "raw",
    }));
  const [a, b] = [tensor("input", "a", [m, k]), tensor("parameter", "w", [n, k])];
  builder.instruction("matmul_nt_f32", { a, b, y: tensor("output", "y", [m, n]) });
  builder.entry("main");
  return await loadWasm(await encodeProgram(builder.finish()), { build: trainBuild() });
}

/** The table: how many times as fast as float32. */
export function reportHalf(results: readonly HalfResult[]): string {
  return table(
    ["what", "f32 ms", "bf16", "f16", "memory bf16", "memory f16"],
    results.map(({ title, timings, bytes }) => [
      title,
      timings.median("f32").toFixed(2),
      ...TYPES.slice(1).map((type) =>
        times(timings.ratio(type, "f32"), timings.best("f32") / timings.best(type))
      ),
      ...TYPES.slice(1).map((_, i) =>
        bytes === undefined ? "" : `${(100 * bytes[i + 1] / bytes[0]).toFixed(0)} %`
      ),
    ]),
  );
}

if (import.meta.main) console.log(reportHalf(await benchHalf(Number(Deno.args[0] ?? 15))));
