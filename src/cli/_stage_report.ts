/** What stages of a command take: time, and memory of the process. */
import process from "node:process";
import { formatBytes } from "../format_bytes.ts";
import { note } from "./_print.ts";

/** Begins a stage; the function that it gives says what the stage took. */
export function beginStage(name: string): (more?: string) => void {
  const start = performance.now();
  return (more) => {
    const seconds = (performance.now() - start) / 1000;
    const { rss } = process.memoryUsage();
    note(
      `${name}: ${seconds.toFixed(1)} s, the process at ${formatBytes(rss)}` +
        (more === undefined ? "" : `, ${more}`),
    );
  };
}
