/** DeiT-T 224, batch 1, beside onnxruntime's float32, QDQ and dynamic int8. */
import { interleave } from "./interleave.ts";
import type { Contender, Timings } from "./interleave.ts";
import { openNode, openWeb } from "./onnxruntime.ts";
import type { Feeds } from "./onnxruntime.ts";
import { opcodeTable } from "./opcode_table.ts";
import { table, times } from "../tools/markdown_table.ts";
import { calibrateOnnx } from "./onnx/calibrate.ts";
import { quantizeDynamic } from "./onnx/quantize_dynamic.ts";
import { FASTEST_OPS, quantizeStatic } from "./onnx/quantize_static.ts";
import { buildVitOnnx } from "./onnx/vit.ts";
import {
  DEIT_CONFIG,
  DEIT_T,
  DEIT_WEIGHTS,
  floatNetwork,
  IMAGE,
  integerNetwork,
} from "./seeded_vision.ts";
import { openNetwork } from "./_open_network.ts";

/** Models of the peers. */
const PEERS = ["f32", "QDQ int8", "dynamic int8"] as const;
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
  const [w8, w7] = [integerNetwork(DEIT_T, 8), integerNetwork(DEIT_T, 7)];
  const [float, fast] = [floatNetwork(DEIT_T, false), floatNetwork(DEIT_T, true)];
  const web = await peers.logits("web f32");
  const ours = [
    await openNetwork("w8a8, relaxed", "wasm-relaxed", w8),
    await openNetwork("w8a8, simd", "wasm-simd", w8),
    await openNetwork("w7a8, relaxed", "wasm-relaxed", w7),
    await openNetwork("f32 deterministic, relaxed", "wasm-relaxed", float, web),
    await openNetwork("f32 deterministic, simd", "wasm-simd", float, web),
    await openNetwork("f32 fast, relaxed", "wasm-relaxed", fast, web),
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

async function openPeers() {
  const feeds: Feeds = { image: { type: "float32", dims: [1, 3, 224, 224], data: IMAGE } };
  const float = buildVitOnnx(DEIT_CONFIG, DEIT_WEIGHTS);
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
