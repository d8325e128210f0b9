/** Swin-T 224, batch 1: integers beside our float32. */
import { interleave } from "./interleave.ts";
import type { Timings } from "./interleave.ts";
import { opcodeTable } from "./opcode_table.ts";
import { openNetwork } from "./_open_network.ts";
import { floatNetwork, IMAGE, integerNetwork, SWIN_T } from "./seeded_vision.ts";
import { table, times } from "../tools/markdown_table.ts";

/** What was measured. */
export interface SwinResult {
  readonly timings: Timings;
  readonly ours: readonly string[];
  /** Time by instruction of w8a8, in Markdown. */
  readonly opcodes: string;
}

/** Measures. */
export async function benchSwin(rounds: number): Promise<SwinResult> {
  const [w8, float, fast] = [
    integerNetwork(SWIN_T, 8),
    floatNetwork(SWIN_T, false),
    floatNetwork(SWIN_T, true),
  ];
  const ours = [
    await openNetwork("w8a8, relaxed", "wasm-relaxed", w8),
    await openNetwork("w8a8, simd", "wasm-simd", w8),
    await openNetwork("f32 deterministic, relaxed", "wasm-relaxed", float),
    await openNetwork("f32 fast, relaxed", "wasm-relaxed", fast),
  ];
  const timings = await interleave(ours, { rounds });
  const opcodes = opcodeTable(ours[0].instance, { image: IMAGE }, "normalized", rounds);
  for (const { instance } of ours) instance[Symbol.dispose]();
  return { timings, ours: ours.map(({ name }) => name), opcodes };
}

/** The tables. */
export function reportSwin({ timings, ours, opcodes }: SwinResult): string {
  const floats = ours.filter((name) => name.startsWith("f32"));
  const rows = ours.map((name) => [
    name,
    timings.median(name).toFixed(1),
    ...floats.map((float) => times(timings.ratio(name, float), timings.bestRatio(name, float))),
  ]);
  return [
    table(["fewbit", "ms", ...floats.map((name) => `to ${name}`)], rows),
    "The integer logits have the golden file's SHA-256.",
    `Time by instruction, w8a8, relaxed:\n\n${opcodes}`,
  ].join("\n\n");
}
