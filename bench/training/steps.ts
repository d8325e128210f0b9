/** Steps of ResNet8 and DS-CNN beside what their multiply-accumulates take as a product of matrices. */
import { load } from "../../src/engines/load.ts";
import { TRAIN_STEP } from "../../src/training/training_graph.ts";
import { Stream } from "../../test/golden/seeded.ts";
import { instructionSamples, samplesTable } from "../opcode_table.ts";
import { gemmProgram } from "../gemm_program.ts";
import { interleave } from "../interleave.ts";
import type { Timings } from "../interleave.ts";
import { table } from "../../tools/markdown_table.ts";
import { BATCH, openConvolutional, STEP_WORK } from "./networks.ts";

const NETS = ["resnet8", "ds_cnn"] as const;
const TITLES = { resnet8: "ResNet8", ds_cnn: "DS-CNN" } as const;

/** The product that gives the rate: x `[384, 384]` times packed weights, plain SIMD. */
const SIDE = 384;
const PRODUCT = "product";

/** What was measured. */
export interface StepsResult {
  readonly timings: Timings;
  /** Of each net: the best times of its instructions, added up, and a table of them in Markdown. */
  readonly instructions: Readonly<Record<string, { readonly ms: number; readonly table: string }>>;
}

/** Measures. */
export async function benchSteps(rounds: number): Promise<StepsResult> {
  const stream = new Stream(SIDE);
  const x = stream.take(SIDE * SIDE, 1);
  const shape = [SIDE, SIDE, SIDE];
  const product = await load(gemmProgram("f32", shape, stream.take(SIDE * SIDE, 1)), {
    engine: "wasm-simd",
  });
  const steps = [];
  for (const net of NETS) steps.push({ net, ...await openConvolutional(net) });
  const timings = await interleave([
    { name: PRODUCT, run: () => product.runSync({ x }) },
    ...steps.map(({ net, instance, inputs }) => ({
      name: net,
      run: () => instance.runSync(inputs, { entry: TRAIN_STEP }),
    })),
  ], { rounds, leastMs: 10 });
  const instructions = Object.fromEntries(steps.map(({ net, instance, inputs }) => {
    const samples = instructionSamples(instance, inputs, TRAIN_STEP, 3 * rounds);
    const ms = samples.reduce((sum, each) => sum + least(each), 0);
    return [net, { ms, table: samplesTable(instance.program, TRAIN_STEP, samples, least) }];
  }));
  product[Symbol.dispose]();
  for (const { instance } of steps) instance[Symbol.dispose]();
  return { timings, instructions };
}

function least(samples: readonly number[]): number {
  return Math.min(...samples);
}

/** The tables. */
export function reportSteps({ timings, instructions }: StepsResult): string {
  const rate = SIDE ** 3 / timings.median(PRODUCT);
  const rows = NETS.map((net) => {
    const work = BATCH * STEP_WORK[net];
    // The step has `work / SIDE³` times the multiply-accumulates of the product of the same round.
    const share = SIDE ** 3 / work;
    return [
      TITLES[net],
      (work / 1e9).toFixed(3),
      (work / rate).toFixed(1),
      timings.median(net).toFixed(1),
      `${(share * timings.ratio(PRODUCT, net)).toFixed(2)}×`,
      `${(share * timings.bestRatio(PRODUCT, net)).toFixed(2)}×`,
      `${(share * instructions[net].ms / timings.best(PRODUCT)).toFixed(2)}×`,
    ];
  });
  return [
    `The product of ${SIDE}×${SIDE}×${SIDE} runs at ${(rate / 1e6).toFixed(1)} thousand million ` +
    "multiply-accumulates a second.",
    table(
      [
        "step",
        "10⁹ MAC",
        "as a product, ms",
        "ms",
        "times the product",
        "best rounds",
        "best of each instruction",
      ],
      rows,
    ),
    ...NETS.map((net) => `Best time by instruction, ${TITLES[net]}:\n\n${instructions[net].table}`),
  ].join("\n\n");
}
