/** Ternary layers beside onnxruntime's products of the same weights in 2 bits, 4 bits and int8. */
import { encodeProgram } from "../src/program/encode.ts";
import { load } from "../src/runtime.ts";
import { Stream } from "../test/golden/seeded.ts";
import { interleave } from "./interleave.ts";
import type { Contender, Timings } from "./interleave.ts";
import { openNode, openWeb } from "./onnxruntime.ts";
import type { Feeds } from "./onnxruntime.ts";
import { memoryReader } from "./_read_memory.ts";
import { table, times } from "../tools/markdown_table.ts";
import { EPSILON, ternaryProgram } from "./ternary_program.ts";
import { transpose } from "./transpose.ts";
import { matmulOnnx } from "./onnx/matmul.ts";
import { matmulNBitsOnnx } from "./onnx/matmul_nbits.ts";
import type { TernaryWeight } from "./onnx/matmul_nbits.ts";
import { quantizeDynamic } from "./onnx/quantize_dynamic.ts";

/** M×K×N: layers of DeiT-T's sizes, and two squares. */
const SHAPES = [
  [197, 192, 576],
  [197, 768, 192],
  [197, 1536, 576],
  [384, 384, 384],
  [768, 768, 768],
] as const;

/** K×N of layers with one row. */
const VECTORS = [[576, 1536], [1024, 2816], [4096, 4096]] as const;

const OURS = [["relaxed", "wasm-relaxed"], ["simd", "wasm-simd"]] as const;
/** Models of onnxruntime by what their weights are. */
type Kind = "2 bits" | "4 bits" | "int8";
const HOSTS = [["web", openWeb], ["node", openNode]] as const;
const KINDS: readonly Kind[] = ["2 bits", "4 bits", "int8"];
const PEERS = HOSTS.flatMap(([host, open]) =>
  KINDS.map((kind) => ({ name: `${host} ${kind}`, kind, open }))
);
/** Those that ratios are of. */
const MEASURED = ["web 2 bits", "web int8", "node 2 bits"];

const MIB = 2 ** 20;
const READS = [["read 4 MiB", 4 * MIB], ["read 64 MiB", 64 * MIB]] as const;

/** Times of one shape. */
interface TernaryTimings {
  readonly shape: readonly number[];
  readonly timings: Timings;
}

/** Times of products of matrices, and of matrices and vectors. */
export interface TernaryResults {
  readonly matrices: readonly TernaryTimings[];
  readonly vectors: readonly TernaryTimings[];
}

/** Measures all shapes. */
export async function benchTernary(rounds: number): Promise<TernaryResults> {
  const readers: Contender[] = [];
  for (const [name, bytes] of READS) readers.push({ name, run: await memoryReader(bytes) });
  const matrices: TernaryTimings[] = [];
  for (const shape of SHAPES) matrices.push(await measure(shape, [], rounds));
  const vectors: TernaryTimings[] = [];
  for (const shape of VECTORS) vectors.push(await measure([1, ...shape], readers, rounds));
  return { matrices, vectors };
}

/** The tables: ratios to onnxruntime-web, operations a second, and weights a second. */
export function reportTernary({ matrices, vectors }: TernaryResults): string {
  const pairs = OURS.flatMap(([name]) => MEASURED.map((peer) => ({ name, peer })));
  const heads = pairs.map(({ name, peer }) => `${name} to ${peer}`);
  const ratios = [...matrices, ...vectors].map(({ shape, timings }) => [
    shape.join("×"),
    ...pairs.map(({ name, peer }) =>
      times(timings.ratio(name, peer), timings.bestRatio(name, peer))
    ),
  ]);
  const mean = (of: readonly TernaryTimings[]) =>
    pairs.map(({ name, peer }) =>
      times(
        geometricMean(of.map(({ timings }) => timings.ratio(name, peer))),
        geometricMean(of.map(({ timings }) => timings.bestRatio(name, peer))),
      )
    );
  ratios.push(["*mean, many rows*", ...mean(matrices)], ["*mean, one row*", ...mean(vectors)]);

  const names = [...OURS.map(([name]) => name), ...PEERS.map(({ name }) => name)];
  const speeds = matrices.map(({ shape, timings }) => [
    shape.join("×"),
    ...names.map((name) => (2 * millions(shape) / timings.median(name)).toFixed(1)),
  ]);
  const weights = vectors.map(({ shape, timings }) => [
    shape.slice(1).join("×"),
    ...names.map((name) => (millions(shape) / timings.median(name)).toFixed(1)),
    ...OURS.map(([name]) => (millions(shape) / 4 / timings.median(name)).toFixed(1)),
    ...READS.map(([name, bytes]) => (bytes / 1e6 / timings.median(name)).toFixed(1)),
  ]);
  return [
    table(["M×K×N", ...heads], ratios),
    "GOP/s, median (one multiply-accumulate is two operations):",
    table(["M×K×N", ...names], speeds),
    "One row: thousand millions of weights a second, the GB/s that ours read at 2 bits a weight, and the " +
    "GB/s at which a loop in WebAssembly reads memory and does nothing with it:",
    table(
      [
        "K×N",
        ...names,
        ...OURS.map(([name]) => `${name} GB/s`),
        ...READS.map(([name]) => `${name} GB/s`),
      ],
      weights,
    ),
  ].join("\n\n");
}

/** Millions of multiply-accumulates: by milliseconds, thousands of millions a second. */
function millions([m, k, n]: readonly number[]): number {
  return m * k * n / 1e6;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

async function measure(
  shape: readonly number[],
  others: readonly Contender[],
  rounds: number,
): Promise<TernaryTimings> {
  const [m, k, n] = shape;
  const stream = new Stream(m * k + n);
  const trits = Int8Array.from({ length: n * k }, () => stream.next() % 3 - 1);
  const weight = { trits, scale: Math.fround(1 / 32) };
  const x = stream.take(m * k, 1);
  const contenders: Contender[] = [];
  const releases: (() => Promise<void> | void)[] = [];

  const file = await encodeProgram(ternaryProgram(shape, weight));
  for (const [name, engine] of OURS) {
    const instance = await load(file, { engine });
    checkRow(name, instance.runSync({ x }).y.data as Float32Array, x.subarray(0, k), weight, true);
    contenders.push({ name, run: () => instance.runSync({ x }) });
    releases.push(() => instance[Symbol.dispose]());
  }
  const feeds: Feeds = { x: { type: "float32", dims: [m, k], data: x } };
  const models = Object.fromEntries(KINDS.map((kind) => [kind, modelOf(kind, shape, weight)]));
  for (const { name, kind, open } of PEERS) {
    const peer = await open(models[kind], feeds);
    const { y } = await peer.run();
    checkRow(name, y.data as Float32Array, x.subarray(0, k), weight, false);
    contenders.push({ name, run: () => peer.run() });
    releases.push(() => peer.release());
  }
  const timings = await interleave([...contenders, ...others], { rounds, leastMs: 20 });
  for (const release of releases) await release();
  return { shape, timings };
}

function modelOf(kind: Kind, shape: readonly number[], weight: TernaryWeight): Uint8Array {
  if (kind !== "int8") return matmulNBitsOnnx(kind === "2 bits" ? 2 : 4, shape, weight).encode();
  const floats = Float32Array.from(weight.trits, (trit) => trit * weight.scale);
  const turned = transpose(floats, shape[2], shape[1]);
  return quantizeDynamic(matmulOnnx("MatMul", shape, turned)).encode();
}

/** All must have computed the layer: within 2 % of it in float64, in the Euclidean norm. */
function checkRow(
  name: string,
  y: Float32Array,
  x: Float32Array,
  { trits, scale }: TernaryWeight,
  normalised: boolean,
): void {
  const k = x.length;
  const mean = x.reduce((sum, value) => sum + value * value, 0) / k;
  const factor = normalised ? scale / Math.sqrt(mean + EPSILON) : scale;
  let [difference, size] = [0, 0];
  for (let row = 0; row < y.length; row++) {
    let exact = 0;
    for (let i = 0; i < k; i++) exact += trits[row * k + i] * x[i];
    difference += (y[row] - exact * factor) ** 2;
    size += (exact * factor) ** 2;
  }
  const error = Math.sqrt(difference / size);
  if (!(error < 0.02)) throw new Error(`${name} is ${error} from the product`);
}
