/** The lines between instructions: straight to the next row, in lanes on the left past other rows. */

/** A line from one row to a later one. */
export interface Line {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly title: string;
}

/** Pixels of a row; the style sheet has the same number. */
const ROW = 30;
const LANE = 13;
const MAX_LANES = 16;

/** Gives each line a lane, 0 for those to the next row, so that lines in one lane do not meet. */
export function lanesOf(lines: readonly Line[]): number[] {
  const ends: number[] = [];
  const lanes = new Array<number>(lines.length).fill(0);
  const order = lines.map((_, i) => i).sort((a, b) =>
    lines[a].from - lines[b].from || lines[a].to - lines[b].to
  );
  for (const i of order) {
    const { from, to } = lines[i];
    if (to - from <= 1) continue;
    let lane = ends.findIndex((end) => end <= from);
    if (lane < 0) lane = ends.length < MAX_LANES ? ends.push(to) - 1 : i % MAX_LANES;
    ends[lane] = Math.max(ends[lane], to);
    lanes[i] = lane + 1;
  }
  return lanes;
}

/** Draws lines beside `rows` rows; returns the SVG and its width. */
export function drawLines(
  lines: readonly Line[],
  rows: number,
  escape: (text: string) => string,
): { svg: string; width: number } {
  const lanes = lanesOf(lines);
  const width = 22 + LANE * lanes.reduce((a, b) => Math.max(a, b), 0);
  const most = lines.reduce((max, { bytes }) => Math.max(max, bytes), 1);
  const x = width - 8;
  const paths = lines.map(({ from, to, bytes, title }, i) => {
    const [y1, y2] = [(from + 0.5) * ROW, (to + 0.5) * ROW];
    const left = x - 2 - LANE * lanes[i];
    const bend = Math.min(12, (y2 - y1) / 2);
    const d = lanes[i] === 0
      ? `M${x} ${y1}V${y2}`
      : `M${x} ${y1}C${left} ${y1} ${left} ${y1} ${left} ${y1 + bend}V${y2 - bend}` +
        `C${left} ${y2} ${left} ${y2} ${x} ${y2}`;
    return `<path d="${d}" data-a="${from}" data-b="${to}" stroke-width="${
      (1.25 + 2.5 * Math.sqrt(bytes / most)).toFixed(2)
    }"><title>${escape(title)}</title></path>`;
  }).join("");
  const height = rows * ROW;
  return {
    width,
    svg:
      `<svg class="edges" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `aria-hidden="true">${paths}</svg>`,
  };
}
