/** The report of a soak as text. */
import type { SoakReport } from "./soak.ts";

/** A table of the kinds, and the rest in sentences. */
export function printed(report: SoakReport): string {
  const { seconds, clients, requests, requestsPerSecond, failures, problems, memory } = report;
  const ms = (value: number): string => Number.isNaN(value) ? "-" : value.toFixed(1);
  const rows = report.kinds.map((kind) => [
    kind.name,
    String(kind.requests),
    String(kind.failures),
    ...[kind.p50Ms, kind.p95Ms, kind.p99Ms, kind.maxMs].map(ms),
  ]);
  const lines = [["", "requests", "failures", "p50 ms", "p95 ms", "p99 ms", "max ms"], ...rows];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...lines.map(([name, ...cells]) =>
      name.padEnd(width) + cells.map((cell) => cell.padStart(10)).join("")
    ),
    "",
    `${requests} requests of ${clients} clients in ${seconds.toFixed(1)} s, ` +
    `${requestsPerSecond.toFixed(0)} a second, ${failures} failures`,
    "skipped" in memory
      ? `memory not measured: ${memory.skipped}`
      : `memory ${memory.firstThirdMB.toFixed(1)} MB in the first third, ` +
        `${memory.lastThirdMB.toFixed(1)} MB in the last (${memory.growthMB >= 0 ? "+" : ""}` +
        `${memory.growthMB.toFixed(1)}), at most ${memory.peakMB.toFixed(1)} MB`,
    ...problems.map((problem) => `FAILED ${problem}`),
  ].join("\n");
}
