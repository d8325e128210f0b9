/** The memory plan as a picture: from left to right the instructions, from top to bottom the offsets. */
import { formatBytes } from "../format_bytes.ts";
import { escapeHtml } from "./_escape.ts";
import { formatTensor } from "./_format.ts";
import type { EntrySummary, ProgramSummary } from "./summary.ts";

const WIDTH = 880;
const HEIGHT = 300;
const LEFT = 66;
const BOTTOM = 24;

/** The arena of an entry. */
export function memoryPlan(summary: ProgramSummary, entry: EntrySummary): string {
  const end = entry.first + entry.count;
  const planned = summary.tensors.flatMap((tensor, t) =>
    tensor.region === "arena" && tensor.first >= entry.first && tensor.last < end
      ? [{ ...tensor, t }]
      : []
  );
  const top = planned.reduce((max, { offset, bytes }) => Math.max(max, offset + bytes), 0);
  if (top === 0) {
    return `<section class="card"><h2>Arena</h2><p>This entry needs none.</p></section>`;
  }
  const x = (instruction: number): number =>
    LEFT + (instruction - entry.first) * (WIDTH - LEFT) / entry.count;
  const y = (offset: number): number => 4 + offset * (HEIGHT - BOTTOM - 4) / top;
  const rectangles = planned.map(({ t, first, last, offset, bytes, dtype, shape }) => {
    const title = `#${t} ${formatTensor(dtype, shape)}, ${formatBytes(bytes)} at ${offset}, ` +
      `instructions ${first} to ${last}`;
    const [left, width] = [x(first), x(last + 1) - x(first)];
    const height = y(offset + bytes) - y(offset);
    const text = width > 7 * String(t).length + 8 && height > 13
      ? `<text x="${round(left + 4)}" y="${round(y(offset) + 11)}">#${t}</text>`
      : "";
    return `<g class="t c-${
      summary.instructions[first].category
    }" data-t="${t}" data-i="${first}">` +
      `<title>${escapeHtml(title)}</title><rect x="${round(left)}" y="${round(y(offset))}" width="${
        round(width)
      }" height="${round(height)}"/>${text}</g>`;
  }).join("");
  const label = `Arena of ${entry.name}: ${planned.length} tensors, ${
    formatBytes(entry.liveBytes)
  } alive at most, ${formatBytes(top)} planned`;
  return `<section class="card memory"><h2>Arena</h2><p class="note">${
    formatBytes(entry.liveBytes)
  } alive at most, ${
    formatBytes(top)
  } planned; colour: what writes the tensor</p><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${
    escapeHtml(label)
  }">${axes(entry, top, x, y)}${rectangles}<line class="now" y1="4" y2="${
    HEIGHT - BOTTOM
  }" data-x0="${LEFT}" data-dx="${
    round((WIDTH - LEFT) / entry.count)
  }" data-first="${entry.first}"/></svg></section>`;
}

function axes(
  entry: EntrySummary,
  top: number,
  x: (instruction: number) => number,
  y: (offset: number) => number,
): string {
  const step = niceStep(entry.count / 10);
  let svg = "";
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const at = round(y(top * part));
    svg += `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${at}" y2="${at}"/>` +
      `<text class="axis" text-anchor="end" x="${LEFT - 6}" y="${
        round(at + (part === 0 ? 9 : 4))
      }">${formatBytes(Math.round(top * part))}</text>`;
  }
  for (let i = Math.ceil(entry.first / step) * step; i < entry.first + entry.count; i += step) {
    svg += `<text class="axis" text-anchor="middle" x="${round((x(i) + x(i + 1)) / 2)}" y="${
      HEIGHT - 8
    }">${i}</text>`;
  }
  return svg;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
