/** Fresh processes up to their first logits, with the model that ships. */
import type { ColdReport } from "./cold/finish.ts";
import { writeFashion } from "./_fashion.ts";
import type { FashionFiles } from "./_fashion.ts";
import { median, Timings } from "./interleave.ts";
import { table, times } from "../tools/markdown_table.ts";

/** A process: its name, its script, its arguments. */
type Contender = readonly [name: string, script: string, ...args: string[]];

const PEERS = ["onnxruntime-web, f32", "onnxruntime-web, QDQ int8"] as const;
/** What the picture shows. */
const ANKLE_BOOT = 9;

/** What was measured. */
export interface ColdResult {
  /** From start to end of the processes. */
  readonly process: Timings;
  /** From the import of the library to the logits. */
  readonly logits: Timings;
  readonly peakBytes: Readonly<Record<string, number>>;
}

/** Measures, after one round that fills caches. */
export async function benchCold(rounds: number): Promise<ColdResult> {
  const folder = await Deno.makeTempDir();
  try {
    const contenders = contendersOf(await writeFashion(folder));
    const [process, logits, peaks] = [0, 0, 0].map(() =>
      new Map(contenders.map(([name]): [string, number[]] => [name, []]))
    );
    for (let round = -1; round < rounds; round++) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const { wall, report } = await run(contender);
        if (round < 0) continue;
        process.get(contender[0])!.push(wall);
        logits.get(contender[0])!.push(report.ms);
        peaks.get(contender[0])!.push(report.peakBytes);
      }
    }
    return {
      process: new Timings(process),
      logits: new Timings(logits),
      peakBytes: Object.fromEntries([...peaks].map(([name, bytes]) => [name, median(bytes)])),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The table. */
export function reportCold({ process, logits, peakBytes }: ColdResult): string {
  const rows = Object.keys(peakBytes).map((name) => {
    const ratios = PEERS.map((peer) =>
      name.startsWith("fewbit") ? times(logits.ratio(name, peer), logits.bestRatio(name, peer)) : ""
    );
    const first = name === EMPTY ? "" : logits.median(name).toFixed(1);
    const megabytes = (peakBytes[name] / 1e6).toFixed(0);
    return [name, first, ...ratios, process.median(name).toFixed(0), megabytes];
  });
  return table(
    ["", "to logits, ms", "to web f32", "to web QDQ", "process, ms", "peak MB"],
    rows,
  );
}

const EMPTY = "Deno, empty program";

function contendersOf({ model, png, pixels, float, qdq }: FashionFiles): Contender[] {
  return [
    ["fewbit ./runtime", "runtime.ts", model, pixels],
    ["fewbit ImageClassifier", "classifier.ts", model, png],
    ["onnxruntime-web, f32", "onnxruntime_web.ts", float, pixels],
    ["onnxruntime-web, QDQ int8", "onnxruntime_web.ts", qdq, pixels],
    ["onnxruntime-node, f32", "onnxruntime_node.ts", float, pixels],
    ["onnxruntime-node, QDQ int8", "onnxruntime_node.ts", qdq, pixels],
    [EMPTY, "empty.ts"],
  ];
}

async function run(
  [name, script, ...args]: Contender,
): Promise<{ wall: number; report: ColdReport }> {
  const path = new URL(`./cold/${script}`, import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", path, ...args] });
  const start = performance.now();
  const { success, stdout, stderr } = await command.output();
  const wall = performance.now() - start;
  if (!success) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
  const report: ColdReport = JSON.parse(new TextDecoder().decode(stdout));
  if (name !== EMPTY && report.best !== ANKLE_BOOT) {
    throw new Error(`${name} sees class ${report.best}, not an ankle boot`);
  }
  return { wall, report };
}
