/** Training: steps of networks, a step of an MLP, convolutions with their gradients, and products of two fresh matrices. */
import type { Timings } from "./interleave.ts";
import { benchHalf, reportHalf } from "./training/half.ts";
import type { HalfResult } from "./training/half.ts";
import { benchLayers, reportLayers } from "./training/layers.ts";
import type { LayerResult } from "./training/layers.ts";
import { benchMlp, reportMlp } from "./training/mlp.ts";
import { benchProducts, reportProducts } from "./training/products.ts";
import type { ProductResult } from "./training/products.ts";
import { benchSteps, reportSteps } from "./training/steps.ts";
import type { StepsResult } from "./training/steps.ts";
import { RECORD, reportFineTuning } from "./training/finetune_report.ts";
import { TFJS_VERSION } from "./training/tfjs.ts";

/** What was measured. */
export interface TrainingResult {
  readonly steps: StepsResult;
  readonly mlp: Timings;
  readonly products: readonly ProductResult[];
  readonly layers: readonly LayerResult[];
  readonly half: readonly HalfResult[];
  readonly tfjs: string;
}

/** Measures. */
export async function benchTraining(rounds: number): Promise<TrainingResult> {
  return {
    steps: await benchSteps(rounds),
    mlp: await benchMlp(rounds),
    products: await benchProducts(rounds),
    layers: await benchLayers(Math.min(rounds, 3)),
    half: await benchHalf(rounds),
    tfjs: TFJS_VERSION,
  };
}

const HALF =
  "In 16 bits, as many times as fast as in float32 (median of rounds, best over best): products with " +
  "weights in 16 bits, and steps of networks whose activations and weights are kept so, with their memory:";

/** The tables. */
export function reportTraining(
  { steps, mlp, products, layers, half, tfjs }: TrainingResult,
): string {
  return [
    reportSteps(steps),
    `A step of an MLP with plain SGD, beside TensorFlow.js ${tfjs} on its wasm backend (SIMD, one ` +
    "thread); both give the same losses:",
    reportMlp(mlp),
    "GOP/s of y `[M, N]` = a `[M, K]` · b `[K, N]`, both fresh: fed in every run, which is part of the time. Resident, both " +
    "stay in memory, and TensorFlow.js keeps its panels of b from run to run. `fast` is the build `train-fast`:",
    reportProducts(products),
    "A convolution and both of its gradients, one picture, beside TensorFlow.js in plain JavaScript: " +
    "its wasm backend has no gradient of the weights.",
    reportLayers(layers),
    HALF,
    reportHalf(half),
    // Recorded once: it takes minutes.
    reportFineTuning(JSON.parse(Deno.readTextFileSync(RECORD))),
  ].join("\n\n");
}
