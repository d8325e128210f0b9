/** Tables in Markdown. */

/** A table; cells that are numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const right = head.map((_, i) => i > 0 && rows.every((row) => !/^[a-z]/i.test(row[i])));
  return [line(head), line(right.map((r) => r ? "--:" : "---")), ...rows.map(line)].join("\n");
}

/** How many times faster: the median of pairs, and the best over the best. */
export function times(ratio: number, best: number): string {
  return `${ratio.toFixed(2)}× [${best.toFixed(2)}]`;
}
