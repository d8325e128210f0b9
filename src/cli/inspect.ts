/** `fewbit inspect`. */
import type { Command } from "./_commander.ts";
import { FewbitError } from "../errors.ts";
import { htmlPage } from "../inspect/html.ts";
import { contextLines, contextTable } from "../inspect/contexts.ts";
import { openProgram } from "../inspect/open.ts";
import type { OpenedProgram } from "../inspect/open.ts";
import { summarize } from "../inspect/summary.ts";
import type { EntrySummary, ProgramSummary } from "../inspect/summary.ts";
import { listing } from "../inspect/text.ts";
import { fusionLines } from "../inspect/text_fusions.ts";
import { timeLines } from "../inspect/text_time.ts";
import { timeEntry } from "../inspect/timing.ts";
import type { EntryTiming } from "../inspect/timing.ts";
import { checkOutput } from "../files/check_output.ts";
import { inspectLearning } from "./_inspect_learning.ts";
import { inspectGguf, isGguf } from "./_inspect_gguf.ts";
import { checkpointFolder } from "../checkpoints/sources.ts";
import { isTextCheckpointFile } from "../checkpoints/text_checkpoint.ts";
import type { FusionReport } from "../lower/fusion.ts";
import { encodeProgram } from "../program/encode.ts";
import { readModel } from "./_model.ts";
import { formatBytes } from "../format_bytes.ts";
import { note, print, printJson } from "./_print.ts";
import { examples } from "./_program.ts";
import { refuseUnfit } from "./_unfit_options.ts";
import { choice, count, progressLine, writeWhole } from "./_run.ts";

/** What `fewbit inspect` takes and does. */
export default function inspectCommand(command: Command, signal: AbortSignal): void {
  command
    .argument(
      "<model>",
      "model.fewbit: path or URL; a folder with a checkpoint, as it would be compiled; or a .gguf file",
    )
    .option("--entry <name>", "Entry to show (default: all)")
    .option("--time", "Time every instruction, on random inputs")
    .option("--runs <n>", "Runs to take the median of", "10")
    .option("--engine <name>", "Engine to time", "auto")
    .option(
      "--learning <tokens>",
      "Of a Llama: the programs that learn its integers by windows of so many",
    )
    .option("--html <file>", "Write a page with pictures to this file")
    .option("--json", "One JSON object")
    .addHelpText(
      "after",
      examples(
        "fewbit inspect model.fewbit --time",
        "fewbit inspect model.fewbit --html model.html",
        "fewbit inspect model.gguf --json",
      ),
    )
    .action(async (model, options) => {
      const runs = count("runs", options.runs, 10_000);
      if (options.html !== undefined) await checkOutput(options.html, [model]);
      if (options.learning !== undefined) {
        refuseUnfit(command, ["time", "html", "entry", "runs", "engine"], "--learning");
        const tokens = count("learning", options.learning, 65_536);
        return await inspectLearning(model, tokens, options.json ?? false);
      }
      if (isGguf(model)) {
        if (options.time || options.html !== undefined || options.entry !== undefined) {
          throw new FewbitError(
            "invalid_argument",
            `Cannot inspect ${model}: --time, --html and --entry are for model.fewbit`,
          );
        }
        return await inspectGguf(model, options.json ?? false);
      }
      const { bytes, fusions } = await readProgram(model, signal);
      const opened = openProgram(bytes);
      const summary = summarize(opened.head, opened.verified);
      const contexts = contextTable(opened);
      const entries = entriesOf(summary, options.entry);
      const timings = options.time
        ? await timeEntries(bytes, opened, entries, options.engine, runs, signal)
        : [];
      if (options.html !== undefined) {
        const name = model.split(/[/\\]/).findLast((part) => part !== "") ?? model;
        const page = new TextEncoder().encode(await htmlPage(summary, { name, entries, timings }));
        await writeWhole(options.html, page, signal);
        note(`${options.html}: ${formatBytes(page.length)}`);
      }
      if (options.json) {
        return printJson({
          ...summary,
          entries,
          ...(timings.length > 0 && { timings }),
          ...contexts && { contexts },
          ...fusions && { fusions },
        });
      }
      if (options.html !== undefined) return;
      const lines = listing(summary, entries);
      if (contexts !== undefined) lines.push("", ...contextLines(contexts));
      if (fusions !== undefined) lines.push("", ...fusionLines(fusions));
      for (const timing of timings) {
        const entry = entries.find(({ name }) => name === timing.entry)!;
        lines.push("", ...timeLines(summary, entry, timing));
      }
      print(lines.join("\n"));
    });
}

/** A program, or what a checkpoint would become, with the fusions that were made for it. */
async function readProgram(
  model: string,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly fusions?: readonly FusionReport[] }> {
  const folder = await checkpointFolder(model) ??
    (isTextCheckpointFile(model) ? model : undefined);
  if (folder === undefined) return { bytes: await readModel(model, signal) };
  note(`${model} is a checkpoint: shown as it would be compiled; its scales are made up`);
  const { previewCheckpoint } = await import("../compile/preview.ts");
  const { program, fusions } = await previewCheckpoint(folder, signal);
  return { bytes: await encodeProgram(program), fusions };
}

function entriesOf({ entries }: ProgramSummary, name: string | undefined): readonly EntrySummary[] {
  const found = entries.filter((entry) => name === undefined || entry.name === name);
  if (found.length > 0) return found;
  const names = entries.map((entry) => entry.name).join(", ");
  throw new FewbitError("not_found", `Cannot show entry "${name}": the program has ${names}`);
}

async function timeEntries(
  bytes: Uint8Array,
  { verified }: OpenedProgram,
  entries: readonly EntrySummary[],
  engineName: string,
  runs: number,
  signal: AbortSignal,
): Promise<EntryTiming[]> {
  // Engines come with their modules; a listing does without.
  const { load, SYNC_ENGINES } = await import("../engines/load.ts");
  const engine = choice("engine", engineName, SYNC_ENGINES);
  using instance = await load(bytes, { engine, signal });
  const progress = progressLine();
  const timings: EntryTiming[] = [];
  try {
    for (const { name } of entries) {
      progress.update(`timing ${name}`);
      timings.push(await timeEntry(instance, verified, name, { runs, signal }));
    }
  } finally {
    progress.end();
  }
  return timings;
}
