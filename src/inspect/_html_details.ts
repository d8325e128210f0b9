/** What is shown of an instruction when it is pointed at. */
import { formatBytes } from "../format_bytes.ts";
import { escapeHtml } from "./_escape.ts";
import {
  formatMs,
  formatRate,
  formatShare,
  formatStored,
  formatTensor,
  formatWork,
} from "./_format.ts";
import type { EntrySummary, OperandSummary, ProgramSummary } from "./summary.ts";
import type { EntryTiming } from "./timing.ts";

/** A template for each instruction of an entry; the script copies it into the details. */
export function detailTemplates(
  summary: ProgramSummary,
  entry: EntrySummary,
  timing: EntryTiming | undefined,
): string {
  const readers = new Map<number, Set<number>>();
  const writers = new Map<number, Set<number>>();
  for (const { from, to } of entry.edges) {
    if (from < 0) continue;
    add(readers, from, to);
    add(writers, to, from);
  }
  return Array.from({ length: entry.count }, (_, at) => {
    const i = entry.first + at;
    return `<template data-i="${i}">${
      details(summary, i, facts(summary, entry, at, timing), writers.get(i), readers.get(i))
    }</template>`;
  }).join("\n");
}

function add(map: Map<number, Set<number>>, key: number, value: number): void {
  const set = map.get(key) ?? new Set();
  set.add(value);
  map.set(key, set);
}

function facts(
  summary: ProgramSummary,
  entry: EntrySummary,
  at: number,
  timing: EntryTiming | undefined,
): [string, string][] {
  const { name, work, attributes } = summary.instructions[entry.first + at];
  const list: [string, string][] = [
    ["work", `${formatWork(name, work)} (${formatShare(work, entry.work)})`],
  ];
  if (timing !== undefined) {
    const ms = timing.instructionMs[at];
    const total = timing.instructionMs.reduce((a, b) => a + b, 0);
    list.push(
      ["time", `${formatMs(ms)} (${formatShare(ms, total)})`],
      ["rate", formatRate(name, timing.work[at], ms)],
    );
  }
  for (const [key, value] of Object.entries(attributes)) list.push([key, String(value)]);
  return list;
}

function details(
  summary: ProgramSummary,
  i: number,
  list: readonly (readonly [string, string])[],
  writers: ReadonlySet<number> | undefined,
  readers: ReadonlySet<number> | undefined,
): string {
  const { name, category, operands } = summary.instructions[i];
  const others = (set: ReadonlySet<number> | undefined): string =>
    set === undefined
      ? "nothing here"
      : [...set].map((other) => `${other} ${summary.instructions[other].name}`).join(", ");
  const bytes = operands.reduce((sum, { tensor }, j) => {
    const first = operands.findIndex((operand) => operand.tensor === tensor) === j;
    return sum +
      (first && summary.tensors[tensor].region === "constant" ? summary.tensors[tensor].bytes : 0);
  }, 0);
  const pairs = [
    ...list,
    ["constants", formatBytes(bytes)],
    ["reads from", others(writers)],
    ["read by", others(readers)],
  ];
  return `<h3><i class="c-${category}"></i>${i} ${escapeHtml(name)}</h3><dl>${
    pairs.map(([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd>`).join("")
  }</dl><table><caption>Operands</caption><thead><tr><th scope="col">operand</th>` +
    `<th scope="col">tensor</th><th scope="col">bytes</th></tr></thead><tbody>${
      operands.map((operand) => operandRow(summary, operand)).join("")
    }</tbody></table>`;
}

function operandRow(summary: ProgramSummary, operand: OperandSummary): string {
  const { tensor, role, shape, offset, rowStride } = operand;
  const { region, dtype, layout, name, bytes, storedBytes } = summary.tensors[tensor];
  const where = [
    `${region} #${tensor}${name === "" ? "" : ` ${name}`}`,
    ...layout === "rows" ? [] : [layout],
    ...storedBytes === undefined ? [] : [formatStored(storedBytes, bytes)],
    ...offset === undefined ? [] : [`from ${offset}`],
    ...rowStride === undefined ? [] : [`rows ${rowStride} apart`],
  ].join(", ");
  return `<tr data-t="${tensor}"><th scope="row">${
    role === "in" ? "" : role === "out" ? "→ " : "⇄ "
  }${escapeHtml(operand.name)}</th><td><b>${escapeHtml(formatTensor(dtype, shape))}</b><small>${
    escapeHtml(where)
  }</small></td><td>${formatBytes(bytes)}</td></tr>`;
}
