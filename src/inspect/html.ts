/** A program as one page that needs nothing else: no network, no library, no file beside it. */
import { formatBytes } from "../format_bytes.ts";
import { escapeHtml } from "./_escape.ts";
import { formatCount, formatMs } from "./_format.ts";
import { barList } from "./_html_bars.ts";
import { detailTemplates } from "./_html_details.ts";
import { memoryPlan } from "./_html_memory.ts";
import { network } from "./_html_network.ts";
import { PAGE_SCRIPT } from "./_html_script.ts";
import { PAGE_STYLE } from "./_html_style.ts";
import { ternaryFact } from "./_ternary.ts";
import type { EntrySummary, ProgramSummary } from "./summary.ts";
import { timeByOpcode } from "./timing.ts";
import type { EntryTiming } from "./timing.ts";

/** What a page shows besides the program. */
export interface PageOptions {
  /** Name of the file. */
  readonly name: string;
  /** Default: all. */
  readonly entries?: readonly EntrySummary[];
  readonly timings?: readonly EntryTiming[];
}

/**
 * Draws a program.
 *
 * @returns An HTML document. All text of the program is escaped, and its content security policy lets
 * no script run but its own.
 */
export async function htmlPage(summary: ProgramSummary, options: PageOptions): Promise<string> {
  const { name, entries = summary.entries, timings = [] } = options;
  const timingOf = (entry: EntrySummary): EntryTiming | undefined =>
    timings.find((timing) => timing.entry === entry.name);
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src '${await sha256Source(
    PAGE_SCRIPT,
  )}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)} · fewbit inspect</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="eyebrow">fewbit program, format ${summary.version}</p>
<h1>${escapeHtml(name)}</h1>
<p class="id">${escapeHtml(summary.id)}</p>
${tiles(summary, entries, timings)}
</header>
<main>
<div class="cards three">
${kindsCard(summary)}
${regionsCard(summary)}
${symbolsCard(summary)}
</div>
${toolbar(entries)}
${
    entries.map((entry, i) => entrySection(summary, entry, i, entries.length, timingOf(entry)))
      .join("\n")
  }
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

async function sha256Source(script: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

function tiles(
  summary: ProgramSummary,
  entries: readonly EntrySummary[],
  timings: readonly EntryTiming[],
): string {
  const memory = Object.values(summary.regions).reduce((sum, bytes) => sum + bytes, 0);
  const [entry] = entries;
  const [timing] = timings;
  const facts: [string, string][] = [
    ["file", formatBytes(summary.fileBytes)],
    ["memory", formatBytes(memory)],
    ["multiply-accumulates", formatCount(entry.work)],
    ["instructions", String(entry.count)],
    ...timing === undefined
      ? []
      : [[`a run on ${timing.engine}`, formatMs(timing.runMs)] as [string, string]],
  ];
  return `<dl class="tiles">${
    facts.map(([key, value]) =>
      `<div><dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd></div>`
    ).join("")
  }</dl>`;
}

function kindsCard({ kinds, fileBytes }: ProgramSummary): string {
  const bars = kinds.filter(({ bytes }) => bytes > 0).map(({ kind, tensors, bytes }) => ({
    label: kind,
    amount: bytes,
    value: formatBytes(bytes),
    hint: tensors > 0 ? `${kind}: ${bytes} bytes in ${tensors} tensors` : `${kind}: ${bytes} bytes`,
  }));
  return `<section class="card"><h2>Bytes in the file</h2>${barList(bars, fileBytes)}</section>`;
}

function regionsCard(summary: ProgramSummary): string {
  const bars = Object.entries(summary.regions).map(([region, bytes]) => ({
    label: region,
    amount: bytes,
    value: formatBytes(bytes),
    hint: `${region}: ${bytes} bytes`,
  }));
  const total = bars.reduce((sum, { amount }) => sum + amount, 0);
  const ternary = ternaryFact(summary);
  const note = ternary === undefined ? "" : `<p class="note">Ternary: ${escapeHtml(ternary)}</p>`;
  return `<section class="card"><h2>Bytes in memory</h2>${barList(bars, total)}${note}</section>`;
}

function symbolsCard({ symbols, metadata }: ProgramSummary): string {
  const rows = symbols.map(({ name, kind, min, max, default: value }) =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td>${min} to ${escapeHtml(max)}</td>` +
    `<td>default ${value}</td><td>${kind === "load" ? "when loading" : "each run"}</td></tr>`
  ).join("");
  const facts = Object.entries(metadata).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 1) ?? "";
    const shown = text.length > MAX_METADATA ? `${text.slice(0, MAX_METADATA)}…` : text;
    return `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(shown)}</dd>`;
  }).join("");
  return `<section class="card"><h2>Symbols</h2>${
    rows === "" ? "<p>All extents are fixed.</p>" : `<table class="plain">${rows}</table>`
  }${
    facts === ""
      ? ""
      : `<details><summary>Metadata</summary><dl class="metadata">${facts}</dl></details>`
  }</section>`;
}

/** Characters of one item of metadata that are shown. */
const MAX_METADATA = 4000;

function toolbar(entries: readonly EntrySummary[]): string {
  const tabs = entries.map(({ name, count }, i) =>
    `<button type="button" role="tab" id="tab-${i}" aria-controls="entry-${i}" aria-selected="${
      i === 0
    }"${i === 0 ? "" : ' tabindex="-1"'}>${escapeHtml(name)} <small>${count}</small></button>`
  ).join("");
  return `<div class="toolbar"><div role="tablist" aria-label="Entry">${tabs}</div>
<label class="search"><span>Search</span><input type="search" placeholder="name, shape, dtype, tensor, attribute" autocomplete="off" spellcheck="false"></label>
<output class="found" aria-live="polite"></output></div>`;
}

function entrySection(
  summary: ProgramSummary,
  entry: EntrySummary,
  i: number,
  entries: number,
  timing: EntryTiming | undefined,
): string {
  return `<section class="entry" id="entry-${i}" role="tabpanel" aria-labelledby="tab-${i}">
${entries > 1 ? `<h2 class="only-plain">Entry ${escapeHtml(entry.name)}</h2>` : ""}
<div class="cards two">
${memoryPlan(summary, entry)}
${opcodeCard(summary, entry, timing)}
</div>
<div class="split">
${network(summary, entry, timing)}
<aside class="card detail" aria-live="polite" aria-label="Details of an instruction"><p class="hint">Point at an instruction, or go through them with the arrow keys, to see its operands here.</p></aside>
</div>
${detailTemplates(summary, entry, timing)}
</section>`;
}

function opcodeCard(
  summary: ProgramSummary,
  entry: EntrySummary,
  timing: EntryTiming | undefined,
): string {
  if (timing !== undefined) {
    const totals = timeByOpcode(summary, entry, timing);
    const bars = totals.map(({ name, count, ms }) => ({
      label: `${count} × ${name}`,
      amount: ms,
      value: formatMs(ms),
      category: summary.instructions.find((instruction) => instruction.name === name)!.category,
    }));
    const total = totals.reduce((sum, { ms }) => sum + ms, 0);
    const settings = Object.entries(timing.symbols).map(([key, value]) => `${key} = ${value}`);
    const how = [timing.engine, `median of ${timing.runs}`, ...settings].join(", ");
    return `<section class="card"><h2>Time by opcode</h2><p class="note">${escapeHtml(how)}</p>${
      barList(bars, total)
    }</section>`;
  }
  const totals = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const { name, work } of summary.instructions.slice(entry.first, entry.first + entry.count)) {
    totals.set(name, (totals.get(name) ?? 0) + work);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const bars = [...totals].sort((a, b) => b[1] - a[1]).map(([name, work]) => ({
    label: `${counts.get(name)} × ${name}`,
    amount: work,
    value: formatCount(work),
    category: summary.instructions.find((instruction) => instruction.name === name)!.category,
  }));
  return `<section class="card"><h2>Work by opcode</h2><p class="note">multiply-accumulates, or elements where nothing is multiplied</p>${
    barList(bars, entry.work)
  }</section>`;
}
