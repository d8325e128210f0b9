/** Lines of measured points, as SVG. */

/** A line: its title stands in its colour at the top. */
export interface Line {
  readonly title: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One direction of a drawing: what its ends are, and where there is a number. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly marks: readonly number[];
  readonly label: (mark: number) => string;
}

/** What is drawn. */
export interface Drawing {
  readonly title: string;
  readonly below: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 400, 64, 616, 60, 336];
const COLORS = ["#1f6fb2", "#b2541f", "#4d8b31"];

/** The drawing as a file. */
export function drawLines({ title, below, lines, ...axes }: Drawing): string {
  const x = (value: number): number => place(axes.x, value, LEFT, RIGHT);
  const y = (value: number): number => place(axes.y, value, BOTTOM, TOP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(16, 26, title, `font-size="14"`),
    ...axes.y.marks.map((mark) =>
      `<path d="M${LEFT} ${y(mark)}H${RIGHT}" stroke="#e2e2e2"/>` +
      text(LEFT - 8, y(mark) + 4, axes.y.label(mark), `text-anchor="end"`)
    ),
    ...axes.x.marks.map((mark) =>
      text(x(mark), BOTTOM + 18, axes.x.label(mark), `text-anchor="middle"`)
    ),
    text((LEFT + RIGHT) / 2, BOTTOM + 40, below, `text-anchor="middle"`),
    ...lines.flatMap(({ title, points }, i) => [
      `<polyline points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ")}" fill="none" ` +
      `stroke="${COLORS[i]}" stroke-width="2"/>`,
      ...points.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${COLORS[i]}"/>`),
      text(
        RIGHT - 8,
        TOP + 4 + 18 * i,
        title,
        `fill="${COLORS[i]}" font-weight="600" text-anchor="end"`,
      ),
    ]),
    "</svg>",
    "",
  ].join("\n");
}

function place({ from, to }: Axis, value: number, first: number, last: number): number {
  return Math.round(first + (last - first) * (value - from) / (to - from));
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${content}</text>`;
}
