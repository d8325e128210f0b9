/** DeiT-T 224, batch 1, beside onnxruntime's float32, QDQ and dynamic int8. */
import { load } from "../src/engines/load.ts";
import type { EngineName } from "../src/engines/load.ts";
import type { CompiledProgram } from "../src/program/program.ts";
import { CONFIG, floatDeiT, IMAGE, integerDeiT, WEIGHTS } from "./deit_t.ts";
import type { GoldenProgram } from "./deit_t.ts";
import { hashOf } from "./_hash.ts";
import { interleave } from "./interleave.ts";
import type { Contender, Timings } from "./interleave.ts";
import { openNode, openWeb } from "./onnxruntime.ts";
import type { Feeds } from "./onnxruntime.ts";
import { opcodeTable } from "./_opcode_table.ts";
import { table, times } from "./table.ts";
import { calibrateOnnx } from "./onnx/calibrate.ts";
import { quantizeDynamic } from "./onnx/quantize_dynamic.ts";
import { FASTEST_OPS, quantizeStatic } from "./onnx/quantize_static.ts";
import { buildVitOnnx } from "./onnx/vit.ts";

/** Models of the peers. */
const PEERS = ["f32", "QDQ int8", "dynamic int8"] as const;
/** Float32 logits may differ by as much; they go up to 4. */
const TOLERANCE = 1e-4;

/** What was measured. */
export interface DeiTResult {
  readonly timings: Timings;
  readonly ours: readonly string[];
  /** Largest difference between our float32 logits and onnxruntime-web's. */
  readonly floatDifference: number;
  /** Time by instruction of the integer networks, in Markdown. */
  readonly opcodes: readonly (readonly [name: string, table: string])[];
}

/** Measures. */
export async function benchDeiT(rounds: number): Promise<DeiTResult> {
  const peers = await openPeers();
  const [w8, w7] = [integerDeiT(8), integerDeiT(7)];
  const [float, fast] = [floatDeiT(false), floatDeiT(true)];
  const web = await peers.logits("web f32");
  const ours = [
    await open("w8a8, relaxed", "wasm-relaxed", w8),
    await open("w8a8, simd", "wasm-simd", w8),
    await open("w7a8, relaxed", "wasm-relaxed", w7),
    await open("f32 deterministic, relaxed", "wasm-relaxed", float, web),
    await open("f32 deterministic, simd", "wasm-simd", float, web),
    await open("f32 fast, relaxed", "wasm-relaxed", fast, web),
  ];
  const timings = await interleave([...ours, ...peers.contenders], { rounds });
  const opcodes: [string, string][] = [];
  for (const { name, instance } of [ours[0], ours[2], ours[3]]) {
    opcodes.push([name, opcodeTable(instance, { image: IMAGE }, "normalized", rounds)]);
  }
  for (const { instance } of ours) instance[Symbol.dispose]();
  await peers.release();
  return {
    timings,
    ours: ours.map(({ name }) => name),
    floatDifference: Math.max(...ours.map(({ difference }) => difference)),
    opcodes,
  };
}

/** The tables. */
export function reportDeiT({ timings, ours, floatDifference, opcodes }: DeiTResult): string {
  const ms = (name: string) => timings.median(name).toFixed(1);
  const rows = ours.map((name) => [
    name,
    ms(name),
    ...PEERS.map((peer) =>
      times(timings.ratio(name, `web ${peer}`), timings.bestRatio(name, `web ${peer}`))
    ),
  ]);
  const peers = PEERS.map((peer) => [peer, ms(`web ${peer}`), ms(`node ${peer}`)]);
  return [
    table(["fewbit", "ms", ...PEERS.map((peer) => `to web ${peer}`)], rows),
    table(["onnxruntime", "web ms", "node ms"], peers),
    "The integer logits have the golden files' SHA-256; our float32 logits are within " +
    `${floatDifference.toExponential(1)} of onnxruntime-web's, so all run the same network.`,
    ...opcodes.map(([name, rows]) => `Time by instruction, ${name}:\n\n${rows}`),
  ].join("\n\n");
}

/** Loads one of ours and makes sure that it computes what it should. */
async function open(
  name: string,
  engine: EngineName,
  given: GoldenProgram | CompiledProgram,
  expected?: Float32Array,
) {
  const golden = "logitsHash" in given;
  const instance = await load(golden ? given.program : given, { engine });
  const run = () => instance.runSync({ image: IMAGE }, { entry: "normalized" }).logits;
  const logits = run().data as Float32Array;
  if (golden && await hashOf(logits) !== given.logitsHash) {
    throw new Error(`${name}: the logits are not the golden file's`);
  }
  const difference = expected === undefined ? 0 : largestDifference(logits, expected);
  if (difference > TOLERANCE) throw new Error(`${name}: logits differ by ${difference}`);
  return { name, run, instance, difference };
}

async function openPeers() {
  const feeds: Feeds = { image: { type: "float32", dims: [1, 3, 224, 224], data: IMAGE } };
  const float = buildVitOnnx(CONFIG, WEIGHTS);
  const ranges = await calibrateOnnx(float, feeds);
  const models = {
    "f32": float.encode(),
    "QDQ int8": quantizeStatic(float, ranges, FASTEST_OPS).encode(),
    "dynamic int8": quantizeDynamic(float).encode(),
  };
  const sessions = new Map<string, Awaited<ReturnType<typeof openWeb>>>();
  for (const peer of PEERS) {
    sessions.set(`web ${peer}`, await openWeb(models[peer], feeds));
    sessions.set(`node ${peer}`, await openNode(models[peer], feeds));
  }
  return {
    contenders: [...sessions].map(([name, peer]): Contender => ({ name, run: () => peer.run() })),
    logits: async (name: string) => (await sessions.get(name)!.run()).logits.data as Float32Array,
    release: async () => {
      for (const session of sessions.values()) await session.release();
    },
  };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
