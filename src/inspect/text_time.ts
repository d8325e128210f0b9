/** Times as text. */
import { formatMs, formatRate, formatShare, formatTensor } from "./_format.ts";
import type { EntrySummary, ProgramSummary } from "./summary.ts";
import { timeByOpcode } from "./timing.ts";
import type { EntryTiming } from "./timing.ts";

/** Tables of time by instruction and by opcode. */
export function timeLines(
  summary: ProgramSummary,
  entry: EntrySummary,
  timing: EntryTiming,
): string[] {
  const total = timing.instructionMs.reduce((a, b) => a + b, 0);
  const most = timing.instructionMs.reduce((a, b) => Math.max(a, b), 0);
  const symbols = Object.entries(timing.symbols).map(([name, value]) => `${name} = ${value}`);
  const engine = timing.dot === undefined ? timing.engine : `${timing.engine}, dot ${timing.dot}`;
  const lines = [
    `Time of ${timing.entry} on ${engine}: ${formatMs(timing.runMs)} a run, ${
      formatMs(total)
    } instruction by instruction (median of ${timing.runs}${
      symbols.length > 0 ? `; ${symbols.join(", ")}` : ""
    })`,
  ];
  timing.instructionMs.forEach((ms, i) => {
    const { name, operands } = summary.instructions[entry.first + i];
    const result = operands.find(({ role }) => role !== "in");
    const shape = result === undefined
      ? ""
      : formatTensor(summary.tensors[result.tensor].dtype, result.shape);
    lines.push(
      row(String(entry.first + i), name, shape, ms, timing.work[i], total) +
        " " + "█".repeat(Math.round(ms / most * 16)),
    );
  });
  lines.push("", "By opcode");
  for (const { name, count, ms, work } of timeByOpcode(summary, entry, timing)) {
    lines.push(row(`${count}×`, name, "", ms, work, total));
  }
  return lines.map((line) => line.trimEnd());
}

function row(
  number: string,
  name: string,
  shape: string,
  ms: number,
  work: number,
  total: number,
): string {
  return `${number.padStart(5)}  ${name.padEnd(20)} ${shape.padEnd(24)} ${
    formatMs(ms).padStart(8)
  } ${formatShare(ms, total).padStart(7)} ${formatRate(name, work, ms).padStart(12)}`;
}
