/** A benchmark as text. */
import { formatBytes } from "../format_bytes.ts";
import type { EngineFailure, EngineResult } from "./bench.ts";
import { formatCount, formatMs } from "./_format.ts";

/** A table with a line for each engine. */
export function benchLines(
  results: readonly (EngineResult | EngineFailure)[],
  items: string,
): string[] {
  const head = [
    "engine",
    "dot",
    "min",
    "median",
    `${items}/s`,
    "MAC/s",
    "memory",
    "load",
    "again",
    "runs",
  ];
  const rows = results.flatMap((result) => "error" in result ? [] : [rowOf(result)]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i].length))
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => i < 2 ? cell.padEnd(widths[0]) : cell.padStart(widths[i])).join("  ");
  const lines = rows.length > 0 ? [line(head), ...rows.map(line)] : [];
  for (const result of results) {
    if ("error" in result) lines.push(`${result.engine}: ${result.error}`);
  }
  const hashes = new Map<string, string[]>();
  for (const result of results) {
    if ("error" in result) continue;
    const key = `${result.output || "no output"} ${result.outputSha256}`;
    hashes.set(key, [...hashes.get(key) ?? [], result.engine]);
  }
  for (const [key, engines] of hashes) lines.push(`output ${key}  ${engines.join(", ")}`);
  if (hashes.size > 1) lines.push("The engines do not agree.");
  return lines;
}

function rowOf(result: EngineResult): string[] {
  return [
    result.engine,
    result.dot ?? "",
    formatMs(result.minMs),
    formatMs(result.medianMs),
    formatRate(result.itemsPerSecond),
    formatCount(Math.round(result.macPerSecond)),
    formatBytes(result.memoryBytes),
    formatMs(result.firstLoadMs),
    formatMs(result.secondLoadMs),
    String(result.runs),
  ];
}

function formatRate(rate: number): string {
  return rate < 99.95 ? rate.toFixed(rate < 9.995 ? 2 : 1) : rate.toFixed(0);
}
