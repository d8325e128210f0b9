/** What `memory.ts` recorded, as tables and as a drawing. */
import { MEMORY_KINDS } from "../../src/training/training_memory.ts";
import type { MemoryKind } from "../../src/training/training_memory.ts";
import { table } from "../../tools/markdown_table.ts";
import { drawLines } from "./_lines.ts";

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

/** Lines: how many times as long a step is, by the share of the memory that it takes where everything is kept. */
export function drawMemory(curves: readonly MemoryCurve[]): string {
  const lines = curves.map(({ title, points }) => ({
    title,
    points: points.map(({ counted, bestMs }) =>
      [counted / points[0].counted, bestMs / points[0].bestMs] as const
    ),
  }));
  const times = lines.flatMap(({ points }) => points.map(([, time]) => time));
  const most = Math.ceil(2 * Math.max(...times)) / 2;
  const marks = Array.from({ length: 2 * most + 1 }, (_, i) => i / 2);
  return drawLines({
    title: "Time of a step against its memory, bf16",
    below: "parameters, states and arena, of what they take where everything is kept",
    x: { from: 0, to: 1, marks: [0, 0.25, 0.5, 0.75, 1], label: (share) => `${100 * share} %` },
    y: {
      from: 0,
      to: most,
      marks: marks.filter((time) => most <= 3 || Number.isInteger(time)),
      label: (time) => `${time}×`,
    },
    lines,
  });
}
