/** `fewbit inspect`. */
import { defineCommand } from "./_command.ts";
import { FewbitError } from "../errors.ts";
import { htmlPage } from "../inspect/html.ts";
import { snakeKeys } from "../inspect/json.ts";
import { openProgram } from "../inspect/open.ts";
import type { OpenedProgram } from "../inspect/open.ts";
import { summarize } from "../inspect/summary.ts";
import type { EntrySummary, ProgramSummary } from "../inspect/summary.ts";
import { listing } from "../inspect/text.ts";
import { timeLines } from "../inspect/text_time.ts";
import { timeEntry } from "../inspect/timing.ts";
import type { EntryTiming } from "../inspect/timing.ts";
import { checkOutput } from "../files/check_output.ts";
import { inspectGguf, isGguf } from "./_inspect_gguf.ts";
import { readModel } from "./_model.ts";
import { formatBytes } from "../format_bytes.ts";
import { note, print } from "./_print.ts";
import { choice, count, progressLine, writeWhole } from "./_run.ts";

export default defineCommand({
  description: "Show what a model consists of, and where its time goes",
  arguments: {
    model: {
      type: "positional",
      description: "model.fewbit: path or URL; or a .gguf file",
      required: true,
    },
    entry: { type: "string", description: "Entry to show (default: all)" },
    time: { type: "boolean", description: "Time every instruction, on random inputs" },
    runs: { type: "string", default: "10", description: "Runs to take the median of" },
    engine: { type: "string", default: "auto", description: "Engine to time" },
    html: { type: "string", description: "Write a page with pictures to this file" },
    json: { type: "boolean", description: "Print JSON" },
  },
  run: async (args, signal) => {
    const runs = count("runs", args.runs, 10_000);
    if (args.html !== undefined) await checkOutput(args.html, [args.model]);
    if (isGguf(args.model)) {
      if (args.time || args.html !== undefined || args.entry !== undefined) {
        throw new FewbitError(
          "invalid_argument",
          `Cannot inspect ${args.model}: --time, --html and --entry are for model.fewbit`,
        );
      }
      return await inspectGguf(args.model, args.json);
    }
    const bytes = await readModel(args.model, signal);
    const opened = openProgram(bytes);
    const summary = summarize(opened.head, opened.verified);
    const entries = entriesOf(summary, args.entry);
    const timings = args.time
      ? await timeEntries(bytes, opened, entries, args.engine, runs, signal)
      : [];
    if (args.html !== undefined) {
      const name = args.model.split(/[/\\]/).findLast((part) => part !== "") ?? args.model;
      const page = new TextEncoder().encode(await htmlPage(summary, { name, entries, timings }));
      await writeWhole(args.html, page, signal);
      note(`${args.html}: ${formatBytes(page.length)}`);
    }
    if (args.json) {
      return print(JSON.stringify(snakeKeys({
        ...summary,
        entries,
        ...(timings.length > 0 && { timings }),
      })));
    }
    if (args.html !== undefined) return;
    const lines = listing(summary, entries);
    for (const timing of timings) {
      const entry = entries.find(({ name }) => name === timing.entry)!;
      lines.push("", ...timeLines(summary, entry, timing));
    }
    print(lines.join("\n"));
  },
});

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
  const { ENGINES, load } = await import("../engines/load.ts");
  const engine = choice("engine", engineName, ENGINES);
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
