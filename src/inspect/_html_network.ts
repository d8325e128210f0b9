/** The network: a row for each instruction, lines for the tensors that go from one to another. */
import { formatBytes } from "../format_bytes.ts";
import { PANELS } from "../layouts/mod.ts";
import type { PanelLayout } from "../layouts/mod.ts";
import { escapeHtml } from "./_escape.ts";
import { formatMs, formatShare, formatTensor, formatWork } from "./_format.ts";
import { drawLines } from "./_html_edges.ts";
import type { Line } from "./_html_edges.ts";
import type { Category } from "../instructions/mod.ts";
import type { EntrySummary, OperandSummary, ProgramSummary } from "./summary.ts";
import type { EntryTiming } from "./timing.ts";

const LEGEND: readonly Category[] = [
  "linear",
  "attention",
  "normalization",
  "elementwise",
  "movement",
];

/** Draws an entry: inputs, instructions, outputs, from top to bottom. */
export function network(
  summary: ProgramSummary,
  entry: EntrySummary,
  timing: EntryTiming | undefined,
): string {
  const inputs = entry.inputs.map((t) => tensorRow(summary, t, "input"));
  const outputs = entry.outputs.map((t) => tensorRow(summary, t, "output"));
  const code = summary.instructions.slice(entry.first, entry.first + entry.count);
  const amounts = timing?.instructionMs ?? code.map(({ work }) => work);
  const scale = {
    total: amounts.reduce((a, b) => a + b, 0),
    most: amounts.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE),
  };
  const rows = amounts.map((amount, at) => {
    const { name, work } = code[at];
    const value = timing === undefined ? formatWork(name, work) : formatMs(amount);
    return instructionRow(summary, entry, at, { ...scale, amount, value });
  });
  const lines = linesOf(summary, entry);
  const count = inputs.length + rows.length + outputs.length;
  const { svg, width } = drawLines(lines, count, escapeHtml);
  const legend = LEGEND.map((category) => `<span><i class="c-${category}"></i>${category}</span>`)
    .join("");
  const measure = timing === undefined
    ? "Bars: work, in multiply-accumulates or elements"
    : `Bars: time on ${timing.engine}`;
  return `<section class="card network"><h2>Network</h2><p class="note">${
    escapeHtml(measure)
  }. Lines: tensors, the wider the larger.</p><div class="legend">${legend}</div>
<div class="rows" style="--gutter:${width}px">${svg}<ol aria-label="Instructions of ${
    escapeHtml(entry.name)
  }">${[...inputs, ...rows, ...outputs].join("\n")}</ol></div></section>`;
}

/** Time or work of an instruction beside that of the others. */
interface Measure {
  readonly amount: number;
  readonly value: string;
  readonly total: number;
  readonly most: number;
}

function instructionRow(
  summary: ProgramSummary,
  entry: EntrySummary,
  at: number,
  { amount, value, total, most }: Measure,
): string {
  const number = entry.first + at;
  const { name, category, operands, attributes } = summary.instructions[number];
  const result = operands.find(({ role }) => role !== "in");
  const shape = result === undefined ? "" : shapeOf(summary, result);
  const weight = operands.find(({ tensor, name }) =>
    name === "weight" || (name !== "table" && /weight/.test(summary.tensors[tensor].kind ?? ""))
  );
  const words = [
    number,
    name,
    category,
    ...operands.map((operand) =>
      `${operand.name} ${shapeOf(summary, operand)} ${summary.tensors[operand.tensor].region} ` +
      `${summary.tensors[operand.tensor].name} #${operand.tensor}`
    ),
    ...Object.entries(attributes).map(([key, setting]) => `${key}=${setting}`),
  ].join(" ").toLowerCase();
  const weights = weight === undefined
    ? ""
    : `<span class="weight" title="weights">${escapeHtml(weight.shape.join("×"))}<b>${
      weightDtype(summary, weight)
    }</b></span>`;
  return `<li data-i="${number}" data-words="${escapeHtml(words)}"${blockOf(entry, number)}>` +
    `<button type="button" class="c-${category}"${at === 0 ? "" : ' tabindex="-1"'} aria-label="${
      escapeHtml(`${number} ${name}, ${shape}, ${value}, ${formatShare(amount, total)}`)
    }"><span class="number">${number}</span><span class="name">${escapeHtml(name)}</span>` +
    `<span class="shape">${escapeHtml(shape)}</span>${weights}<span class="track"><i style="width:${
      (100 * amount / most).toFixed(2)
    }%"></i></span><span class="value">${escapeHtml(value)}</span></button></li>`;
}

/** Mark of the first instruction of a block, and of the first one after a block. */
function blockOf({ blocks }: EntrySummary, number: number): string {
  const starts = blocks.findIndex(({ first }) => first === number);
  if (starts >= 0) return ` data-block="block ${starts + 1}"`;
  return blocks.some(({ first, count }) => first + count === number) ? ' data-block=""' : "";
}

function tensorRow(summary: ProgramSummary, t: number, role: "input" | "output"): string {
  const { name, dtype, shape, bytes } = summary.tensors[t];
  const words = `${role} ${name} ${formatTensor(dtype, shape)} #${t}`.toLowerCase();
  return `<li class="io ${role}" data-words="${escapeHtml(words)}"><span class="number">${
    role === "input" ? "in" : "out"
  }</span><span class="name">${escapeHtml(name)}</span><span class="shape">${
    escapeHtml(formatTensor(dtype, shape))
  }</span><span class="value">${formatBytes(bytes)}</span></li>`;
}

function shapeOf(summary: ProgramSummary, { tensor, shape }: OperandSummary): string {
  return formatTensor(summary.tensors[tensor].dtype, shape);
}

function weightDtype(summary: ProgramSummary, { tensor }: OperandSummary): string {
  const { layout, dtype } = summary.tensors[tensor];
  return PANELS[layout as PanelLayout]?.title ?? dtype;
}

/** Lines between rows: inputs come first, outputs last. */
function linesOf(summary: ProgramSummary, entry: EntrySummary): Line[] {
  const before = entry.inputs.length;
  const rowOf = (instruction: number): number => before + instruction - entry.first;
  const title = (t: number): string => {
    const { name, dtype, shape, bytes } = summary.tensors[t];
    return `${name === "" ? `#${t}` : name} ${formatTensor(dtype, shape)}, ${formatBytes(bytes)}`;
  };
  const lines = entry.edges.flatMap(({ from, to, tensor }): Line[] => {
    const row = from < 0 ? entry.inputs.indexOf(tensor) : rowOf(from);
    if (row < 0) return [];
    const { bytes } = summary.tensors[tensor];
    return [{ from: row, to: rowOf(to), bytes, title: title(tensor) }];
  });
  for (let at = entry.first; at < entry.first + entry.count; at++) {
    for (const { tensor, role } of summary.instructions[at].operands) {
      const i = role === "in" ? -1 : entry.outputs.indexOf(tensor);
      if (i < 0) continue;
      const { bytes } = summary.tensors[tensor];
      const to = before + entry.count + i;
      lines.push({ from: rowOf(at), to, bytes, title: title(tensor) });
    }
  }
  return lines;
}
