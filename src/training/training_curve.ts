/** The curve of a training as a drawing: losses of the steps above, accuracies of the epochs below. */

/** What a training was like. */
export interface TrainingCurve {
  readonly title: string;
  /** Losses, one behind the other, and the step of the first. */
  readonly losses: readonly number[];
  readonly firstStep: number;
  /** Shares of what is held out, from 0 to 1, and after which step. */
  readonly accuracies: readonly { readonly step: number; readonly accuracy: number }[];
}

const [WIDTH, HEIGHT] = [640, 420];
const [LEFT, RIGHT] = [56, 624];
/** Upper and lower ends of the two parts. */
const LOSS = { top: 44, bottom: 220 };
const ACCURACY = { top: 256, bottom: 376 };
/** Most points of a line: more are not seen. */
const MOST_POINTS = 1136;
/** Steps of the running mean, as a share of all. */
const SMOOTHED = 0.04;

/** Draws it. */
export function trainingCurve(curve: TrainingCurve): string {
  const { title, losses, firstStep, accuracies } = curve;
  const last = firstStep + Math.max(0, losses.length - 1);
  const x = (step: number): number =>
    last === firstStep
      ? (LEFT + RIGHT) / 2
      : LEFT + (RIGHT - LEFT) * (step - firstStep) / (last - firstStep);
  const most = niceTop(losses.reduce((a, b) => Math.max(a, b), 0));
  const lossAt = (loss: number): number => along(LOSS, loss / most);
  const shareAt = (share: number): number => along(ACCURACY, share);
  const points = (values: readonly number[]): string => {
    const every = Math.max(1, Math.ceil(values.length / MOST_POINTS));
    return values.map((value, i) => [x(firstStep + i), lossAt(value), i])
      .filter(([, , i]) => i % every === 0 || i === values.length - 1)
      .map(([a, b]) => `${round(a)},${round(b)}`).join(" ");
  };
  const reached = accuracies.map(({ step, accuracy }) => [x(step), shareAt(accuracy)].map(round));
  const final = accuracies.at(-1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 22, escaped(title), `font-size="14" font-weight="600"`),
    ...[0, 0.25, 0.5, 0.75, 1].map((part) =>
      gridLine(lossAt(part * most), String(round(part * most)))
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map((share) => gridLine(shareAt(share), `${100 * share} %`)),
    text(RIGHT, LOSS.top - 6, "loss", `text-anchor="end"`),
    text(
      RIGHT,
      ACCURACY.top - 6,
      final === undefined ? "accuracy" : `accuracy, ${(100 * final.accuracy).toFixed(1)} % last`,
      `text-anchor="end"`,
    ),
    line(points(losses), "#9ec5e8", 1),
    line(points(runningMeans(losses)), "#1f6fb2", 2),
    line(reached.map((point) => point.join(",")).join(" "), "#b2541f", 2),
    ...reached.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="#b2541f"/>`),
    text(LEFT, HEIGHT - 22, `step ${firstStep}`),
    text(RIGHT, HEIGHT - 22, `step ${last}`, `text-anchor="end"`),
    "</svg>",
    "",
  ].join("\n");
}

/** Means over the steps before each. */
function runningMeans(values: readonly number[]): number[] {
  const span = Math.max(1, Math.round(SMOOTHED * values.length));
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= span ? values[i - span] : 0);
    return sum / Math.min(i + 1, span);
  });
}

function along({ top, bottom }: typeof LOSS, share: number): number {
  return bottom - (bottom - top) * share;
}

/** Ends of an axis whose quarters are short numbers, times powers of ten. */
const ENDS = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10];

/** The least end of an axis that is not below a number. */
function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ENDS.find((end) => end * power >= value)! * power;
}

function gridLine(y: number, label: string): string {
  return `<path d="M${LEFT} ${round(y)}H${RIGHT}" stroke="#e2e2e2"/>` +
    text(LEFT - 8, round(y) + 4, label, `text-anchor="end"`);
}

function line(points: string, stroke: string, width: number): string {
  return `<polyline points="${points}" fill="none" stroke="${stroke}" stroke-width="${width}" ` +
    `stroke-linejoin="round"/>`;
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${content}</text>`;
}

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
