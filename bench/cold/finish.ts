/** The end of a measured process: what it took, on the standard output. */

/** What a process says of itself. */
export interface ColdReport {
  /** From before the library was imported until the logits were there. */
  readonly ms: number;
  /** Largest resident set of the process. */
  readonly peakBytes: number;
  /** Index of the largest logit. */
  readonly best: number;
}

/** Reports a process that began at `start`. */
export function finish(start: number, logits: Float32Array): void {
  const ms = performance.now() - start;
  console.log(JSON.stringify({ ms, peakBytes: peakBytes(), best: indexOfMost(logits) }));
}

function indexOfMost(values: Float32Array): number {
  return values.reduce((best, value, i) => value > values[best] ? i : best, 0);
}

/** Largest resident set of this process so far. */
export function peakBytes(): number {
  return statusBytes("VmHWM");
}

/** Resident set of this process now. */
export function residentBytes(): number {
  return statusBytes("VmRSS");
}

/** A field of Linux's status of a process. */
function statusBytes(field: string): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}
