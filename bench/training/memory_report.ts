/** What `memory.ts` recorded, as tables and as a drawing. */
import { MEMORY_KINDS } from "../../src/training/training_memory.ts";
import type { MemoryKind } from "../../src/training/training_memory.ts";
import { table } from "../../tools/markdown_table.ts";

/** What training takes. */
export interface MemorySize {
  readonly network: string;
  readonly dtype: string;
  readonly batch: number;
  readonly total: number;
  readonly kinds: Readonly<Record<MemoryKind, number>>;
}

/** A step in some memory. */
export interface MemoryPoint {
  readonly total: number;
  /** Parameters, states, arena. */
  readonly counted: number;
  /** Nodes that run again. */
  readonly again: number;
  /** Their share of the work, estimated. */
  readonly cost: number;
  readonly bestMs: number;
  readonly medianMs: number;
}

/** Steps of one network, from where everything is kept on. */
export interface MemoryCurve {
  readonly title: string;
  readonly points: readonly MemoryPoint[];
}

/** All that is recorded. */
export interface MemoryRecord {
  readonly sizes: readonly MemorySize[];
  readonly curves: readonly MemoryCurve[];
}

/** The file with it. */
export const RECORD: URL = new URL("memory.json", import.meta.url);

/** The tables. */
export function reportMemory({ sizes, curves }: MemoryRecord): string {
  const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
  const large = sizes.filter(({ batch, dtype }) => batch === 32 && dtype === "f32").map(
    (single) => {
      const half = sizes.find((other) =>
        other.network === single.network && other.batch === 32 && other.dtype === "bf16"
      )!;
      return [
        single.network,
        ...[single, half].map(({ total }) => (total / 1e6).toFixed(2)),
        `${(100 * half.total / single.total).toFixed(1)} %`,
      ];
    },
  );
  const small = sizes.filter(({ batch }) => batch === 1);
  const parts = MEMORY_KINDS.filter((kind) => small.some(({ kinds }) => kinds[kind] > 0));
  return [
    "A step of 32 pictures, SGD with momentum, equal options; all memory in MB:",
    table(["", "f32", "bf16", "of it"], large),
    "One picture, SGD with momentum, kB by part:",
    table(
      ["", ...small.map(({ network, dtype }) => `${network}, ${dtype}`)],
      [
        ...parts.map((kind) => [kind, ...small.map(({ kinds }) => kilobytes(kinds[kind]))]),
        ["all", ...small.map(({ total }) => kilobytes(total))],
      ],
    ),
    ...curves.flatMap(({ title, points }) => [
      `${title}, bf16 with split masters:`,
      table(
        ["counted kB", "all kB", "nodes again", "work, estimated", "a step, ms", "times as long"],
        points.map(({ counted, total, again, cost, bestMs, medianMs }) => [
          kilobytes(counted),
          kilobytes(total),
          String(again),
          `+${(100 * cost).toFixed(0)} %`,
          `${medianMs.toFixed(2)} [${bestMs.toFixed(2)}]`,
          (bestMs / points[0].bestMs).toFixed(2),
        ]),
      ),
    ]),
  ].join("\n\n");
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 400, 64, 616, 60, 336];
const COLORS = ["#1f6fb2", "#b2541f", "#4d8b31"];

/** Lines: how many times as long a step is, by the share of the memory that it takes where everything is kept. */
export function drawMemory(curves: readonly MemoryCurve[]): string {
  const text = (x: number, y: number, content: string, attributes = ""): string =>
    `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${content}</text>`;
  const shares = curves.map(({ points }) =>
    points.map(({ counted, bestMs }) => [
      counted / points[0].counted,
      bestMs / points[0].bestMs,
    ])
  );
  const most = Math.ceil(2 * Math.max(...shares.flat().map(([, time]) => time))) / 2;
  const x = (share: number): number => Math.round(LEFT + (RIGHT - LEFT) * share);
  const y = (time: number): number => Math.round(BOTTOM - (BOTTOM - TOP) * time / most);
  const times = Array.from({ length: 2 * most + 1 }, (_, i) => i / 2).filter((time) =>
    most <= 3 || Number.isInteger(time)
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(16, 26, "Time of a step against its memory, bf16", `font-size="14"`),
    ...times.map((time) =>
      `<path d="M${LEFT} ${y(time)}H${RIGHT}" stroke="#e2e2e2"/>` +
      text(LEFT - 8, y(time) + 4, `${time}×`, `text-anchor="end"`)
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map((share) =>
      text(x(share), BOTTOM + 18, `${100 * share} %`, `text-anchor="middle"`)
    ),
    text(
      (LEFT + RIGHT) / 2,
      BOTTOM + 40,
      "parameters, states and arena, of what they take where everything is kept",
      `text-anchor="middle"`,
    ),
    ...shares.flatMap((points, i) => [
      `<polyline points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ")}" fill="none" ` +
      `stroke="${COLORS[i]}" stroke-width="2"/>`,
      ...points.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${COLORS[i]}"/>`),
      text(LEFT + 16, TOP + 4 + 18 * i, curves[i].title, `fill="${COLORS[i]}" font-weight="600"`),
    ]),
    "</svg>",
    "",
  ].join("\n");
}
