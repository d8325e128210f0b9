/** Products of matrices that both change, beside onnxruntime-web and TensorFlow.js. */
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

/** Ours, fed in every run as onnxruntime-web is, and with both in memory as TensorFlow.js has them. */
const OURS = ["fewbit, fed", "fewbit, resident"] as const;
const PEERS = ["onnxruntime-web", "tfjs-wasm"] as const;

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
    agree(first, (await onnx.run()).y.data as Float32Array, `${shape.join("×")}, ${PEERS[0]}`);
    agree(first, whole.dataSync().subarray(0, n), `${shape.join("×")}, ${PEERS[1]}`);
    whole.dispose();
    const resident = await openProduct(shape, { a, b });
    agree(first, resident.runSync({}).y.data as Float32Array, `${shape.join("×")}, resident`);
    const contenders: Contender[] = [
      { name: OURS[0], run: () => instance.runSync({ a, b }) },
      { name: OURS[1], run: () => resident.runSync({}) },
      { name: PEERS[0], run: () => onnx.run() },
      { name: PEERS[1], run: () => tf.matMul(left, right).dispose() },
    ];
    results.push({ shape, timings: await interleave(contenders, { rounds, leastMs: 20 }) });
    instance[Symbol.dispose]();
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
    ...[...OURS, ...PEERS].map((name) => speed(shape, timings, name)),
    ...PEERS.map((peer, i) =>
      times(timings.ratio(OURS[i], peer), timings.bestRatio(OURS[i], peer))
    ),
  ]);
  const mean = (of: (timings: Timings) => number) =>
    Math.exp(results.reduce((sum, { timings }) => sum + Math.log(of(timings)), 0) / results.length);
  const means = PEERS.map((peer, i) =>
    times(mean((t) => t.ratio(OURS[i], peer)), mean((t) => t.bestRatio(OURS[i], peer)))
  );
  const head = ["M×K×N", ...OURS, ...PEERS, ...PEERS.map((peer, i) => `${OURS[i]} to ${peer}`)];
  return table(head, [...rows, ["geometric mean", "", "", "", "", ...means]]);
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
