/** Products of matrices that both change, beside onnxruntime-web and TensorFlow.js. */
import { trainFastBuild } from "../../src/training/train_fast_build.ts";
import { Stream } from "../../test/golden/seeded.ts";
import { interleave } from "../interleave.ts";
import type { Contender, Timings } from "../interleave.ts";
import { OnnxGraph } from "../onnx/graph.ts";
import { openWeb } from "../onnxruntime.ts";
import { table, times } from "../../tools/markdown_table.ts";
import { openProduct } from "./programs.ts";
import { tf, useBackend } from "./tfjs.ts";

/** M×K×N: y `[M, N]` = a `[M, K]` · b `[K, N]`, as rows of memory. */
const SHAPES = [[768, 768, 768], [384, 384, 384], [144, 64, 12544], [64, 576, 3136], [
  576,
  784,
  64,
]] as const;

const FED = "fewbit", FAST = "fewbit fast", RESIDENT = "fewbit, resident";
const ORT = "onnxruntime-web", TFJS = "tfjs-wasm", TFJS_RESIDENT = "tfjs-wasm, resident";
const ALL = [FED, FAST, ORT, TFJS, RESIDENT, TFJS_RESIDENT];

/**
 * Ours beside theirs. Fed, both operands are fresh in every run. Resident, both stay as they are, of which
 * TensorFlow.js makes use: it keeps its panels of b from run to run.
 */
const PAIRS = [
  [FED, ORT],
  [FED, TFJS],
  [RESIDENT, TFJS_RESIDENT],
  [FAST, ORT],
  [FAST, TFJS],
] as const;

/** Times of one shape. */
export interface ProductResult {
  readonly shape: readonly number[];
  readonly timings: Timings;
}

/** Measures all shapes. */
export async function benchProducts(rounds: number): Promise<ProductResult[]> {
  const results: ProductResult[] = [];
  for (const shape of SHAPES) {
    const [m, k, n] = shape;
    const stream = new Stream(m + k + n);
    const [a, b] = [stream.take(m * k, 1), stream.take(k * n, 1)];
    const instance = await openProduct(shape);
    const onnx = await openWeb(product(shape).encode(), {
      a: { type: "float32", dims: [m, k], data: a },
      b: { type: "float32", dims: [k, n], data: b },
    });
    await useBackend("wasm");
    const [left, right] = [tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])];
    const first = instance.runSync({ a, b }).y.data as Float32Array;
    const whole = tf.matMul(left, right);
    agree(first, (await onnx.run()).y.data as Float32Array, `${shape.join("×")}, ${ORT}`);
    agree(first, whole.dataSync().subarray(0, n), `${shape.join("×")}, ${TFJS}`);
    whole.dispose();
    const fast = await openProduct(shape, { build: await trainFastBuild(true) });
    agree(first, fast.runSync({ a, b }).y.data as Float32Array, `${shape.join("×")}, fast`);
    const resident = await openProduct(shape, { resident: { a, b } });
    agree(first, resident.runSync({}).y.data as Float32Array, `${shape.join("×")}, resident`);
    const contenders: Contender[] = [
      { name: FED, run: () => instance.runSync({ a, b }) },
      { name: FAST, run: () => fast.runSync({ a, b }) },
      { name: ORT, run: () => onnx.run() },
      {
        name: TFJS,
        run: () => tf.tidy(() => void tf.matMul(tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n]))),
      },
      { name: RESIDENT, run: () => resident.runSync({}) },
      { name: TFJS_RESIDENT, run: () => tf.matMul(left, right).dispose() },
    ];
    results.push({ shape, timings: await interleave(contenders, { rounds, leastMs: 20 }) });
    instance[Symbol.dispose]();
    fast[Symbol.dispose]();
    resident[Symbol.dispose]();
    await onnx.release();
    left.dispose();
    right.dispose();
  }
  return results;
}

/** The table, and the geometric means. */
export function reportProducts(results: readonly ProductResult[]): string {
  const rows = results.map(({ shape, timings }) => [
    shape.join("×"),
    ...ALL.map((name) => speed(shape, timings, name)),
    ...PAIRS.map(([ours, peer]) => times(timings.ratio(ours, peer), timings.bestRatio(ours, peer))),
  ]);
  const mean = (of: (timings: Timings) => number) =>
    Math.exp(results.reduce((sum, { timings }) => sum + Math.log(of(timings)), 0) / results.length);
  const means = PAIRS.map(([ours, peer]) =>
    times(mean((t) => t.ratio(ours, peer)), mean((t) => t.bestRatio(ours, peer)))
  );
  const head = ["M×K×N", ...ALL, ...PAIRS.map(([ours, peer]) => `${ours} to ${peer}`)];
  return table(head, [...rows, ["geometric mean", ...ALL.map(() => ""), ...means]]);
}

/** GOP/s. */
function speed([m, k, n]: readonly number[], timings: Timings, name: string): string {
  return (2 * m * k * n / timings.median(name) / 1e6).toFixed(1);
}

function product([m, k, n]: readonly number[]): OnnxGraph {
  const graph = new OnnxGraph();
  graph.inputs.push({ name: "a", type: "float32", dims: [m, k] });
  graph.inputs.push({ name: "b", type: "float32", dims: [k, n] });
  graph.node("MatMul", ["a", "b"], "product");
  const [first, last, axis] = [["first", 0], ["last", 1], ["axis", 0]].map(([name, value]) =>
    graph.integers(String(name), [Number(value)])
  );
  graph.node("Slice", ["product", first, last, axis], "y");
  graph.outputs.push({ name: "y", type: "float32", dims: [1, n] });
  return graph;
}

/** Throws where two results are not the same up to rounding: what is compared does the same work. */
export function agree(ours: Float32Array, theirs: ArrayLike<number>, what: string): void {
  const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0);
  if (ours.length === theirs.length && apart <= 1e-4 * largest) return;
  throw new Error(`${what}: results differ by ${apart}, the largest is ${largest}`);
}
