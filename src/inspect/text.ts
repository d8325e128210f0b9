/** The listing of a program. */
import { formatBytes } from "../format_bytes.ts";
import {
  formatCount,
  formatShare,
  formatStored,
  formatTensor,
  formatWork,
  printable,
} from "./_format.ts";
import { ternaryFact } from "./_ternary.ts";
import type { EntrySummary, OperandSummary, ProgramSummary } from "./summary.ts";
import { memoryPicture } from "./text_memory.ts";

const WIDTH = 100;

/** The lines of a listing, with the instructions and memory of these entries. */
export function listing(
  summary: ProgramSummary,
  entries: readonly EntrySummary[] = summary.entries,
): string[] {
  const lines = [...headerLines(summary), "", ...kindLines(summary)];
  for (const entry of entries) {
    lines.push("", ...entryLines(summary, entry), "", ...memoryLines(summary, entry));
  }
  return lines;
}

function headerLines(summary: ProgramSummary): string[] {
  const lines = [
    `fewbit program, format ${summary.version}, ${formatBytes(summary.fileBytes)}`,
    `id       ${summary.id}`,
  ];
  for (const fact of facts(summary)) lines.push(fact);
  for (const { name, kind, min, max, default: value } of summary.symbols) {
    lines.push(
      `symbol   ${name}: ${min} to ${max}, default ${value}, set ${
        kind === "load" ? "when loading" : "with each run"
      }`,
    );
  }
  for (const { name, first, count, work, inputs, outputs } of summary.entries) {
    const named = (tensors: readonly number[]): string =>
      tensors.map((t) => {
        const { name, dtype, shape } = summary.tensors[t];
        return `${name} ${formatTensor(dtype, shape)}`;
      }).join(", ");
    lines.push(
      `entry    ${name}: instructions ${first} to ${first + count - 1}, ${
        formatCount(work)
      } multiply-accumulates`,
      `         ${named(inputs) || "no input"} → ${named(outputs) || "no output"}`,
    );
  }
  const regions = Object.entries(summary.regions);
  lines.push(
    `memory   ${formatBytes(regions.reduce((sum, [, bytes]) => sum + bytes, 0))}: ` +
      regions.map(([name, bytes]) => `${name} ${formatBytes(bytes)}`).join(", "),
  );
  const ternary = ternaryFact(summary);
  if (ternary !== undefined) lines.push(`ternary  ${ternary}`);
  return lines;
}

/** Metadata that fits on a line. */
function facts({ metadata }: ProgramSummary): string[] {
  return Object.entries(metadata).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
    const room = WIDTH - 10 - Math.min(key.length, 40);
    const shown = text.length > room ? `${text.slice(0, room)}…` : text;
    return `metadata ${printable(key.slice(0, 40))}: ${printable(shown)}`;
  });
}

function kindLines({ kinds, fileBytes }: ProgramSummary): string[] {
  const most = Math.max(1, ...kinds.map(({ bytes }) => bytes));
  return [
    "Bytes in the file",
    ...kinds.map(({ kind, tensors, bytes }) =>
      `  ${kind.padEnd(26)} ${formatBytes(bytes).padStart(9)} ${
        formatShare(bytes, fileBytes).padStart(7)
      } ${(tensors > 0 ? `${tensors}` : "").padStart(5)} ${
        "█".repeat(Math.round(bytes / most * 40))
      }`.trimEnd()
    ),
  ];
}

function entryLines(summary: ProgramSummary, entry: EntrySummary): string[] {
  const lines = [`Entry ${entry.name} (operands without @region are constants)`];
  const { blocks } = entry;
  for (let i = entry.first; i < entry.first + entry.count; i++) {
    const { name, operands, attributes, work } = summary.instructions[i];
    const block = blocks.findIndex(({ first }) => first === i);
    if (block >= 0) lines.push(`  ── block ${block + 1} of ${blocks.length} ──`);
    else if (blocks.some(({ first, count }) => first + count === i)) lines.push("  ──");
    const settings = Object.entries(attributes).map(([key, value]) => `${key}=${value}`).join(" ");
    lines.push(
      `${String(i).padStart(5)}  ${name.padEnd(20)} ${
        formatWork(name, work).padStart(9)
      }  ${settings}`
        .trimEnd(),
    );
    const words = [
      ...operands.filter(({ role }) => role === "in"),
      ...operands.filter(({ role }) => role !== "in"),
    ].map((operand) => operandText(summary, operand));
    lines.push(...wrap(words, "         "));
  }
  return lines;
}

function operandText(summary: ProgramSummary, operand: OperandSummary): string {
  const { region, dtype, name, bytes, storedBytes } = summary.tensors[operand.tensor];
  const arrow = operand.role === "out" ? "→ " : operand.role === "inout" ? "⇄ " : "";
  const where = region === "constant" ? "" : `@${region}`;
  const label = name === "" ? region === "arena" ? `#${operand.tensor}` : "" : `:${name}`;
  const start = operand.offset === undefined ? "" : `+${operand.offset}`;
  const stride = operand.rowStride === undefined ? "" : ` by ${operand.rowStride}`;
  const sizes = storedBytes === undefined ? "" : ` (${formatStored(storedBytes, bytes)})`;
  return `${arrow}${operand.name} ${
    formatTensor(dtype, operand.shape)
  }${where}${label}${start}${stride}${sizes}`;
}

function wrap(words: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && indent.length + line.length + 3 + word.length > WIDTH) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? word : `  ${word}`;
  }
  if (line !== "") lines.push(indent + line);
  return lines;
}

function memoryLines(summary: ProgramSummary, entry: EntrySummary): string[] {
  const picture = memoryPicture(summary, entry);
  if (picture.length === 0) return [`Arena of ${entry.name}: nothing`];
  return [
    `Arena of ${entry.name}: ${formatBytes(entry.liveBytes)} alive at most, ${
      formatBytes(summary.regions.arena)
    } planned`,
    ...picture,
  ];
}
