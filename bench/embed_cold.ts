/** Fresh processes up to their first sentence embedding. */
import { encodeProgram } from "../src/program/encode.ts";
import { readEncoderFolder } from "../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../src/compile/encoder_folder.ts";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { modelFolder } from "../tools/fetch_model.ts";
import { median, Timings } from "./interleave.ts";
import { table, times } from "../tools/markdown_table.ts";
import type { FirstEmbedding } from "./minilm/finish.ts";
import { onnxPeers } from "./minilm/peers.ts";

const TEXT = "The cat sleeps on the warm windowsill.";
/** Cosine with ours below which a contender computes something else. */
const LEAST_COSINE = 0.97;

/** What was measured. */
export interface EmbedColdResult {
  readonly timings: Timings;
  readonly peakBytes: Readonly<Record<string, number>>;
  readonly fileBytes: Readonly<Record<string, number>>;
}

interface Contender {
  readonly name: string;
  readonly fileBytes: number;
  readonly args: readonly string[];
}

/** Measures, after one round that fills caches. */
export async function benchEmbedCold(rounds: number): Promise<EmbedColdResult> {
  const folder = await Deno.makeTempDir();
  try {
    const contenders = await contendersIn(folder);
    const timings = new Map(contenders.map(({ name }): [string, number[]] => [name, []]));
    const peaks = new Map(contenders.map(({ name }): [string, number[]] => [name, []]));
    for (let round = -1; round < rounds; round++) {
      let ours: readonly number[] | undefined;
      for (const contender of contenders) {
        const { ms, peakBytes, embedding } = await run(contender);
        ours ??= embedding;
        const cosine = embedding.reduce((sum, value, i) => sum + value * ours![i], 0);
        if (!(cosine > LEAST_COSINE)) throw new Error(`${contender.name}: cosine ${cosine}`);
        if (round < 0) continue;
        timings.get(contender.name)!.push(ms);
        peaks.get(contender.name)!.push(peakBytes);
      }
    }
    return {
      timings: new Timings(timings),
      peakBytes: Object.fromEntries([...peaks].map(([name, bytes]) => [name, median(bytes)])),
      fileBytes: Object.fromEntries(contenders.map(({ name, fileBytes }) => [name, fileBytes])),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The table. */
export function reportEmbedCold({ timings, peakBytes, fileBytes }: EmbedColdResult): string {
  const [ours] = Object.keys(peakBytes);
  return table(
    ["", "model file MB", "to the first embedding, ms", "fewbit is faster", "peak MB"],
    Object.keys(peakBytes).map((name) => [
      name,
      (fileBytes[name] / 1e6).toFixed(1),
      timings.median(name).toFixed(0),
      name === ours ? "" : times(timings.ratio(ours, name), timings.bestRatio(ours, name)),
      (peakBytes[name] / 1e6).toFixed(0),
    ]),
  );
}

async function contendersIn(folder: string): Promise<readonly Contender[]> {
  const source = modelFolder("minilm");
  const encoder = await readEncoderFolder(source);
  const file = await encodeProgram(await quantizeEncoder(encoder));
  await Deno.writeFile(`${folder}/minilm.fewbit`, file);
  const ids = [...Tokenizer.fromJson(encoder.tokenizer).encode(TEXT).ids].map(String);
  const contenders: Contender[] = [{
    name: "fewbit, TextEmbedder",
    fileBytes: file.length,
    args: ["minilm/embedder.ts", `${folder}/minilm.fewbit`, TEXT],
  }];
  const peers = await onnxPeers();
  for (const [i, { name, model }] of peers.entries()) {
    const path = `${folder}/${i}.onnx`;
    await Deno.writeFile(path, model);
    contenders.push({
      name: `onnxruntime-${name}, ids given`,
      fileBytes: model.length,
      args: ["minilm/onnxruntime_web.ts", path, ...ids],
    });
  }
  const hub = `${folder}/hub/minilm`;
  await Deno.mkdir(`${hub}/onnx`, { recursive: true });
  for (const name of ["config.json", "tokenizer.json"]) {
    await Deno.copyFile(`${source}/${name}`, `${hub}/${name}`);
  }
  await Deno.writeTextFile(`${hub}/tokenizer_config.json`, "{}");
  await Deno.writeFile(`${hub}/onnx/model_quantized.onnx`, peers[1].model);
  contenders.push({
    name: "transformers.js 4.3.1 (onnxruntime-node), int8",
    fileBytes: peers[1].model.length,
    args: ["minilm/transformers.ts", `${folder}/hub/`, TEXT],
  });
  return contenders;
}

async function run({ name, args: [script, ...args] }: Contender): Promise<FirstEmbedding> {
  const path = new URL(script, import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, ...args],
  }).output();
  if (!success) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return JSON.parse(lines[lines.length - 1]);
}
