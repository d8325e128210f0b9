/** A model of the size of the published 370M one: converted, loaded and run in fresh processes. */
import { table } from "../tools/markdown_table.ts";
import type { LargeConversion } from "./large/convert.ts";
import type { LargeRun } from "./large/run.ts";

/** Tokens that are written. */
const TOKENS = 10_000;

/** What was measured. */
export interface LargeResult {
  readonly checkpointBytes: number;
  readonly conversion: LargeConversion;
  readonly run: LargeRun;
}

/** Writes the checkpoint, converts it, and writes 10,000 tokens with it. */
export async function benchLarge(): Promise<LargeResult> {
  const folder = await Deno.makeTempDir();
  try {
    await script("synthetic_hgrn.ts", "--out", `${folder}/checkpoint`, "--config", "370m");
    const { size } = await Deno.stat(`${folder}/checkpoint/model.safetensors`);
    const model = `${folder}/model.fewbit`;
    const conversion = JSON.parse(await script("large/convert.ts", `${folder}/checkpoint`, model));
    const run = JSON.parse(await script("large/run.ts", model, String(TOKENS)));
    return { checkpointBytes: size, conversion, run };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The table. */
export function reportLarge({ checkpointBytes, conversion, run }: LargeResult): string {
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const [first, last] = run.residentBytes;
  const bits = 8 * conversion.ternaryBytes / conversion.ternaryWeights;
  return table(["", ""], [
    ["checkpoint (bfloat16 latents)", mb(checkpointBytes)],
    ["model.fewbit", mb(conversion.fileBytes)],
    [
      `of that ${(conversion.ternaryWeights / 1e6).toFixed(0)} M ternary weights`,
      `${mb(conversion.ternaryBytes)}, ${bits.toFixed(2)} bits each`,
    ],
    ["of that embeddings, as in the checkpoint", mb(conversion.embeddingBytes)],
    ["converting", `${(conversion.ms / 1000).toFixed(1)} s, peak ${mb(conversion.peakBytes)}`],
    ["loading", `${run.loadMs.toFixed(0)} ms, peak ${mb(run.peakAfterLoadBytes)}`],
    ["memory of the model", mb(run.modelBytes)],
    ["prompt of 512 tokens", `${run.prefillPerSecond.toFixed(0)} tokens/s`],
    [`writing ${run.tokens - 512} tokens`, `${run.decodePerSecond.toFixed(1)} tokens/s`],
    ["resident after 100 and after all tokens", `${mb(first)}, ${mb(last)}`],
    ["peak of the process", mb(run.peakBytes)],
    ["a saved session", `${run.sessionBytes} bytes`],
  ]);
}

async function script(name: string, ...args: string[]): Promise<string> {
  const path = new URL(name, import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, ...args],
  }).output();
  if (!success) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
