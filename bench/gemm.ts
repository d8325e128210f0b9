/** Matrix products beside onnxruntime's, through the engine. */
import { load } from "../src/engines/load.ts";
import type { SyncEngineName } from "../src/engines/load.ts";
import type { TensorData } from "../src/tensor.ts";
import { Stream } from "../test/golden/seeded.ts";
import { gemmProgram } from "./gemm_program.ts";
import type { GemmKind } from "./gemm_program.ts";
import { interleave } from "./interleave.ts";
import type { Contender, Timings } from "./interleave.ts";
import { openNode, openWeb } from "./onnxruntime.ts";
import type { Feeds } from "./onnxruntime.ts";
import { table, times } from "../tools/markdown_table.ts";
import { transpose } from "./transpose.ts";
import { matmulOnnx } from "./onnx/matmul.ts";

/** M×K×N: the layers of DeiT-T, and two squares. */
const SHAPES = [
  [197, 192, 576],
  [197, 768, 192],
  [197, 768, 768],
  [384, 384, 384],
  [768, 768, 768],
] as const;

/** Ours, with the peer that each is measured against. */
const OURS: readonly (readonly [name: string, GemmKind, SyncEngineName, peer: "int8" | "f32"])[] = [
  ["W8A8 relaxed", "w8a8", "wasm-relaxed", "int8"],
  ["W8A8 simd", "w8a8", "wasm-simd", "int8"],
  ["W7A8 relaxed", "w7a8", "wasm-relaxed", "int8"],
  ["f32 deterministic", "f32", "wasm-relaxed", "f32"],
  ["f32 fast", "f32_fast", "wasm-relaxed", "f32"],
];

/** Times of one shape. */
export interface GemmResult {
  readonly shape: readonly number[];
  readonly timings: Timings;
}

/** Measures all shapes. */
export async function benchGemm(rounds: number): Promise<GemmResult[]> {
  const results: GemmResult[] = [];
  for (const shape of SHAPES) {
    const { contenders, release } = await contend(shape);
    results.push({ shape, timings: await interleave(contenders, { rounds, leastMs: 30 }) });
    await release();
  }
  return results;
}

/** The tables: ratios to onnxruntime-web, then operations a second. */
export function reportGemm(results: readonly GemmResult[]): string {
  const ratios = results.map(({ shape, timings }) => [
    shape.join("×"),
    ...OURS.map(([name, , , peer]) =>
      times(timings.ratio(name, `web ${peer}`), timings.bestRatio(name, `web ${peer}`))
    ),
  ]);
  const names = [...OURS.map(([name]) => name), "web int8", "web f32", "node int8", "node f32"];
  const speeds = results.map(({ shape, timings }) => [
    shape.join("×"),
    ...names.map((name) => (work(shape) / timings.median(name)).toFixed(1)),
  ]);
  return [
    table(["M×K×N", ...OURS.map(([name]) => name)], ratios),
    "GOP/s, median (one multiply-accumulate is two operations):",
    table(["M×K×N", ...names], speeds),
  ].join("\n\n");
}

/** Millions of operations: by milliseconds, thousands of millions a second. */
function work([m, k, n]: readonly number[]): number {
  return 2 * m * k * n / 1e6;
}

async function contend(
  shape: readonly number[],
): Promise<{ contenders: Contender[]; release: () => Promise<void> }> {
  const [m, k, n] = shape;
  const stream = new Stream(m * k + n);
  const floats = stream.take(n * k, 1);
  const weights = {
    w8a8: Int8Array.from(floats, (w) => Math.round(w * 127)),
    w7a8: Int8Array.from(floats, (w) => Math.round(w * 63)),
    f32: floats,
    f32_fast: floats,
  };
  const x = stream.take(m * k, 1);
  const codes = Int8Array.from(x, (v) => Math.round(v * 127));
  const contenders: Contender[] = [];
  const releases: (() => Promise<void> | void)[] = [];

  for (const [name, kind, engine, peer] of OURS) {
    const instance = await load(gemmProgram(kind, shape, weights[kind]), { engine });
    const inputs: Record<string, TensorData> = { x: peer === "int8" ? codes : x };
    contenders.push({ name, run: () => instance.runSync(inputs) });
    releases.push(() => instance[Symbol.dispose]());
  }
  const models = {
    int8: matmulOnnx("MatMulInteger", shape, transpose(weights.w8a8, n, k)).encode(),
    f32: matmulOnnx("MatMul", shape, transpose(floats, n, k)).encode(),
  };
  const feeds: Record<keyof typeof models, Feeds> = {
    int8: { x: { type: "uint8", dims: [m, k], data: Uint8Array.from(codes, (v) => v + 128) } },
    f32: { x: { type: "float32", dims: [m, k], data: x } },
  };
  for (const kind of ["int8", "f32"] as const) {
    for (const [host, open] of [["web", openWeb], ["node", openNode]] as const) {
      const peer = await open(models[kind], feeds[kind]);
      contenders.push({ name: `${host} ${kind}`, run: () => peer.run() });
      releases.push(() => peer.release());
    }
  }
  return {
    contenders,
    release: async () => {
      for (const release of releases) await release();
    },
  };
}
