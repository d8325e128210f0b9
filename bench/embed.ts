/** all-MiniLM-L6-v2 in integers beside ONNX files of the same network in onnxruntime. */
import { TextEmbedder } from "../src/pipelines/embedding/text_embedder.ts";
import { readEncoderFolder } from "../src/checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../src/compile/encoder_folder.ts";
import { encodeProgram } from "../src/program/encode.ts";
import { modelFolder } from "../tools/fetch_model.ts";
import { interleave } from "./interleave.ts";
import type { Contender, Timings } from "./interleave.ts";
import { openNode, openWeb } from "./onnxruntime.ts";
import { table, times } from "../tools/markdown_table.ts";
import { inputsOf, onnxPeers } from "./minilm/peers.ts";
import { calibrationTexts } from "./minilm/texts.ts";

/** Tokens of a text. */
const LENGTHS = [16, 64, 256] as const;
const OURS = {
  "fewbit w8a8": {},
  "fewbit w7a8": { weightBits: 7 },
  "fewbit w8a8, token table in 4 bits": { tableBits: 4 },
  "fewbit w8a8, GELU in 8 bits": { geluBits: 8 },
  "fewbit w7a8, GELU in 8 bits": { weightBits: 7, geluBits: 8 },
} as const;

/** What was measured, by the number of tokens. */
export type EmbedResults = Readonly<Record<number, Timings>>;

/** One text at a time; all contenders take turns. */
export async function benchEmbed(rounds: number): Promise<EmbedResults> {
  const folder = await readEncoderFolder(modelFolder("minilm"));
  using stack = new DisposableStack();
  const embedders = new Map<string, TextEmbedder>();
  for (const [name, options] of Object.entries(OURS)) {
    const texts = "geluBits" in options ? await calibrationTexts() : undefined;
    const program = await quantizeEncoder(folder, { ...options, ...texts && { texts } });
    embedders.set(
      name,
      stack.use(await TextEmbedder.fromPretrained(await encodeProgram(program))),
    );
  }
  const peers = await onnxPeers();
  const results: Record<number, Timings> = {};
  for (const length of LENGTHS) {
    const ids = Int32Array.from({ length }, (_, i) => 1000 + (i * 977) % 20_000);
    [ids[0], ids[length - 1]] = [101, 102];
    const contenders: Contender[] = [...embedders].map(([name, embedder]) => ({
      name,
      run: () => embedder.embedIds([ids]),
    }));
    const feeds = inputsOf(ids);
    const open = await Promise.all(peers.flatMap(({ name, model }) => [
      openWeb(model, feeds).then((session) => ({ name, session })),
      openNode(model, feeds).then((session) => ({
        name: name.replace("web", "node"),
        session,
      })),
    ]));
    contenders.push(...open.map(({ name, session }) => ({ name, run: () => session.run() })));
    results[length] = await interleave(contenders, { rounds, leastMs: 20 });
    for (const { session } of open) await session.release();
  }
  return results;
}

/** Texts a second, and how many times as many as onnxruntime-web. */
export function reportEmbed(results: EmbedResults): string {
  return LENGTHS.map((length) => {
    const timings = results[length];
    const names = [...timings.samples.keys()];
    const peers = names.filter((name) => name.startsWith("web"));
    const rows = names.map((name) => [
      name,
      (1000 / timings.median(name)).toFixed(1),
      ...peers.map((peer) =>
        name.startsWith("fewbit")
          ? times(timings.ratio(name, peer), timings.bestRatio(name, peer))
          : ""
      ),
    ]);
    return `${length} tokens:\n\n` +
      table(["", "texts/s", ...peers.map((peer) => `to ${peer}`)], rows);
  }).join("\n\n");
}
