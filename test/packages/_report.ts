/** The table of consumers, which the last test prints. */

const rows: (readonly [consumer: string, result: string])[] = [];

/** Adds a line. */
export function report(consumer: string, result: string): void {
  rows.push([consumer, result]);
}

/** A size for people. */
export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** The lines so far. */
export function table(): string {
  const width = Math.max(...rows.map(([consumer]) => consumer.length));
  return rows.map(([consumer, result]) => `${consumer.padEnd(width)}  ${result}`).join("\n");
}
