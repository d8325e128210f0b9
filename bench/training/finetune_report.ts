/** What `finetune.ts` recorded, as a table and as a drawing. */
import { table } from "../../tools/markdown_table.ts";

/** A selection of parameters that was trained. */
export interface FineTuningRun {
  readonly name: string;
  readonly rate: number;
  /** Elements that change. */
  readonly parameters: number;
  /** Of 10,000 pictures that were held out. */
  readonly accuracy: number;
  /** Mean of the last epoch. */
  readonly loss: number;
  readonly memoryBytes: number;
  /** Median and best, once they are timed. */
  readonly stepMs?: number;
  readonly bestMs?: number;
}

/** The file that it writes. */
export const RECORD: URL = new URL("finetune.json", import.meta.url);

/** The table. */
export function reportFineTuning(runs: readonly FineTuningRun[]): string {
  const rows = runs.map((run) => [
    run.name,
    String(run.parameters),
    `${(100 * run.accuracy).toFixed(2)} %`,
    `${(run.memoryBytes / 1e6).toFixed(1)} MB`,
    `${(run.stepMs ?? NaN).toFixed(1)} [${(run.bestMs ?? NaN).toFixed(1)}] ms`,
    String(run.rate),
    run.loss.toFixed(3),
  ]);
  return [
    "MLPerf Tiny's ResNet8, taught CIFAR-10, fine-tuned to the first 2,000 pictures of Fashion-MNIST " +
    "(made 32×32 in three channels) with a new head: 6 epochs of steps of 32 with AdamW, seed 1; " +
    "accuracy of all 10,000 test pictures; memory and time `[best]` of a step, of 15 in turns, with other " +
    "work on the machine (`bench/training/finetune.ts`, drawn in `training/finetune.svg`):",
    table(
      ["trained", "parameters", "accuracy", "memory", "a step", "rate", "last loss"],
      rows,
    ),
  ].join("\n\n");
}

const [ROW, TOP, LEFT, PANEL, GAP] = [34, 66, 150, 150, 56];

/** Bars: accuracy, memory and time of each run beside one another. */
export function drawFineTuning(runs: readonly FineTuningRun[]): string {
  const panels = [
    { title: "accuracy", color: "#1f6fb2", of: ({ accuracy }: FineTuningRun) => 100 * accuracy },
    {
      title: "memory, MB",
      color: "#b2541f",
      of: ({ memoryBytes }: FineTuningRun) => memoryBytes / 1e6,
    },
    {
      title: "a step at best, ms",
      color: "#4d8b31",
      of: ({ bestMs = NaN }: FineTuningRun) => bestMs,
    },
  ];
  const width = LEFT + panels.length * (PANEL + GAP);
  const height = TOP + runs.length * ROW + 12;
  const text = (x: number, y: number, content: string, attributes = ""): string =>
    `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${content}</text>`;
  const bars = panels.flatMap(({ title, color, of }, panel) => {
    const x = LEFT + panel * (PANEL + GAP);
    const values = runs.map(of);
    const most = panel === 0 ? 100 : Math.max(...values);
    return [
      text(x, TOP - 14, title, `font-weight="600"`),
      ...values.flatMap((value, i) => {
        const [y, long] = [TOP + i * ROW, PANEL * value / most];
        const said = panel === 0 ? `${value.toFixed(1)} %` : value.toFixed(1);
        return [
          `<rect x="${x}" y="${y}" width="${long.toFixed(1)}" height="20" fill="${color}"/>`,
          text(Number((x + long + 5).toFixed(1)), y + 15, said),
        ];
      }),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(
      16,
      26,
      "ResNet8 of CIFAR-10 fine-tuned to 2,000 pictures of Fashion-MNIST",
      `font-size="14"`,
    ),
    ...runs.map(({ name }, i) => text(LEFT - 12, TOP + i * ROW + 15, name, `text-anchor="end"`)),
    ...bars,
    "</svg>",
    "",
  ].join("\n");
}
