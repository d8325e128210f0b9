/** A step of an MLP beside TensorFlow.js in WebAssembly. */
import { TRAIN_STEP } from "../../src/training/training_graph.ts";
import { interleave } from "../interleave.ts";
import type { Timings } from "../interleave.ts";
import { table, times } from "../../tools/markdown_table.ts";
import { BATCH, CLASSES, MLP_RATE, MLP_WIDTHS, openMlp } from "./networks.ts";
import type { Mlp } from "./networks.ts";
import { agree } from "./products.ts";
import { tf, useBackend } from "./tfjs.ts";

/** Steps after which both have to have the same loss. */
const CHECKED_STEPS = 3;

/** Measures. */
export async function benchMlp(rounds: number): Promise<Timings> {
  const ours = await openMlp();
  await useBackend("wasm");
  const theirs = openPeer(ours);
  const step = () => ours.instance.runSync(ours.inputs, { entry: TRAIN_STEP });
  for (let i = 0; i < CHECKED_STEPS; i++) {
    agree(step().loss.data as Float32Array, [theirs.step()], `the loss of step ${i + 1}`);
  }
  const timings = await interleave([
    { name: "fewbit", run: step },
    { name: "tfjs-wasm", run: theirs.step },
  ], { rounds, leastMs: 20 });
  ours.instance[Symbol.dispose]();
  theirs.release();
  return timings;
}

/** The table. */
export function reportMlp(timings: Timings): string {
  return table(["MLP", "fewbit ms", "tfjs-wasm ms", "ratio"], [[
    `${MLP_WIDTHS.join("-")}, batch ${BATCH}`,
    timings.median("fewbit").toFixed(2),
    timings.median("tfjs-wasm").toFixed(2),
    times(timings.ratio("fewbit", "tfjs-wasm"), timings.bestRatio("fewbit", "tfjs-wasm")),
  ]]);
}

/** The same network, weights `[inputs, outputs]`; a step gives its loss, as ours does. */
function openPeer({ weights, inputs }: Mlp) {
  const layers = weights.map((elements, i) => ({
    weight: tf.tidy(() =>
      tf.variable(tf.transpose(tf.tensor2d(elements, [MLP_WIDTHS[i + 1], MLP_WIDTHS[i]])))
    ),
    bias: tf.variable(tf.zeros([MLP_WIDTHS[i + 1]])),
  }));
  const x = tf.tensor2d(inputs.x as Float32Array, [BATCH, MLP_WIDTHS[0]]);
  const labels = tf.tidy(() =>
    tf.cast(tf.oneHot(tf.tensor1d(inputs.labels as Int32Array, "int32"), CLASSES), "float32")
  );
  const optimizer = tf.train.sgd(MLP_RATE);
  const loss = (): tf.Scalar =>
    tf.tidy(() => {
      let y: tf.Tensor = x;
      layers.forEach(({ weight, bias }, i) => {
        y = tf.add(tf.matMul(i === 0 ? y : tf.relu(y), weight), bias);
      });
      return tf.losses.softmaxCrossEntropy(labels, y) as tf.Scalar;
    });
  return {
    step: () => tf.tidy(() => optimizer.minimize(loss, true)!.dataSync()[0]),
    release: () => tf.disposeVariables(),
  };
}
