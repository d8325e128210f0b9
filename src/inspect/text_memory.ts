/** The memory plan as text. */
import type { EntrySummary, ProgramSummary } from "./summary.ts";

const ROWS = 16;
const COLUMNS = 76;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The arena while an entry runs: from left to right the instructions, from bottom to top the memory.
 * Each letter is a tensor (letters are used again), `·` is memory that nothing needs.
 */
export function memoryPicture(summary: ProgramSummary, entry: EntrySummary): string[] {
  const tensors = summary.tensors
    .filter((t) => t.region === "arena" && t.first >= entry.first && t.last < end(entry))
    .filter((t) => t.first >= 0)
    .sort((a, b) => a.first - b.first || a.offset - b.offset);
  if (tensors.length === 0) return [];
  const top = tensors.reduce((max, t) => Math.max(max, t.offset + t.bytes), 0);
  const columns = Math.min(COLUMNS, entry.count);
  const cells = Array.from({ length: ROWS }, () => new Array<string>(columns).fill("·"));
  const covered = Array.from({ length: ROWS }, () => new Float64Array(columns));
  const perColumn = entry.count / columns;
  const perRow = top / ROWS;
  tensors.forEach((tensor, n) => {
    const letter = LETTERS[n % LETTERS.length];
    const [from, to] = span(tensor.first - entry.first, tensor.last + 1 - entry.first, perColumn);
    const [low, high] = span(tensor.offset, tensor.offset + tensor.bytes, perRow);
    for (let row = low; row < Math.min(high, ROWS); row++) {
      for (let column = from; column < Math.min(to, columns); column++) {
        // A cell shows the tensor that takes most of it.
        const area = overlap(tensor.offset, tensor.offset + tensor.bytes, row, perRow) *
          overlap(
            tensor.first - entry.first,
            tensor.last + 1 - entry.first,
            column,
            perColumn,
          );
        if (area <= covered[row][column]) continue;
        covered[row][column] = area;
        cells[row][column] = letter;
      }
    }
  });
  const width = kilobytes(top).length;
  const lines = cells.map((row, i) =>
    `${(i % 4 === 3 ? kilobytes((i + 1) * perRow) : "").padStart(width)} │${row.join("")}`
  ).reverse();
  return [...lines, `${" ".repeat(width)} └${axis(entry, columns)}`];
}

function end({ first, count }: EntrySummary): number {
  return first + count;
}

function span(from: number, to: number, unit: number): [number, number] {
  return [Math.floor(from / unit), Math.ceil(to / unit)];
}

function overlap(from: number, to: number, cell: number, unit: number): number {
  return Math.min(to, (cell + 1) * unit) - Math.max(from, cell * unit);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** A line of dashes with the numbers of instructions where they fit. */
function axis({ first, count }: EntrySummary, columns: number): string {
  let line = "";
  while (line.length < columns) {
    const label = String(first + Math.round(line.length * count / columns));
    line += line.length + label.length <= columns ? label.padEnd(12, "─") : "─";
  }
  return line.slice(0, columns);
}
