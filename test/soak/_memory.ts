/** The memory of a process while it is soaked. */
import { readFileSync } from "node:fs";
import { median } from "./_statistics.ts";

/** Resident memory (RSS) in megabytes, or why it was not measured. */
export type MemoryReport = {
  readonly samples: number;
  /** Medians. */
  readonly firstThirdMB: number;
  readonly lastThirdMB: number;
  readonly growthMB: number;
  readonly peakMB: number;
} | { readonly skipped: string };

/** Samples of a process, one a second from the beginning on. */
export class MemoryWatch implements Disposable {
  readonly #samples: number[] = [];
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(pid: number) {
    if (Deno.build.os !== "linux") return;
    const sample = (): void => {
      const rss = residentMB(pid);
      if (rss !== undefined) this.#samples.push(rss);
    };
    sample();
    this.#timer = setInterval(sample, 1000);
  }

  report(): MemoryReport {
    if (Deno.build.os !== "linux") {
      return { skipped: `${Deno.build.os} has no /proc/PID/status` };
    }
    return memoryReport(this.#samples);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What samples in megabytes, in equal intervals, say of growth. */
export function memoryReport(samples: readonly number[]): MemoryReport {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return { skipped: `${samples.length} samples are too few` };
  const firstThirdMB = median(samples.slice(0, third));
  const lastThirdMB = median(samples.slice(-third));
  return {
    samples: samples.length,
    firstThirdMB,
    lastThirdMB,
    growthMB: lastThirdMB - firstThirdMB,
    peakMB: Math.max(...samples),
  };
}

/** Undefined once the process has ended. */
function residentMB(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? undefined : Number(match[1]) * 1024 / 1e6;
  } catch {
    return undefined;
  }
}
