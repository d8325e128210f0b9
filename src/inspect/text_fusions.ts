/** Lines about nodes that became one instruction, and those that did not. */
import type { FusionReport } from "../lower/fusion.ts";
import { printable } from "./_format.ts";

/** The fusions of a program by name; for those that were not made, why, and where first. */
export function fusionLines(reports: readonly FusionReport[]): string[] {
  const made = new Map<string, number>();
  const missed = new Map<string, { count: number; first: string }>();
  for (const { fusion, at, reason } of reports) {
    if (reason === undefined) made.set(fusion, (made.get(fusion) ?? 0) + 1);
    else {
      // Names of values tell one case from another; the first stands for all.
      const key = `${fusion}: ${reason.replaceAll(/"[^"]*"|value \d+/g, "its value")}`;
      const { count, first } = missed.get(key) ?? { count: 0, first: at };
      missed.set(key, { count: count + 1, first });
    }
  }
  return [
    ...[...made].map(([name, count]) => `fused    ${name}: ${count}`),
    ...[...missed].map(([what, { count, first }]) =>
      `apart    ${what} (${count}, first at ${printable(first)})`
    ),
  ];
}
