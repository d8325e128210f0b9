/** Threads that calibrate beside the one of the command. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { CalibrationThread } from "../quantize/calibration_thread.ts";
import { CALIBRATION, threadEntry } from "./_thread_entry.ts";

/** More threads than this are not begun unasked: each has products of its own. */
const MOST = 2;

/** How many threads calibrate where nothing is said, the command's included. */
export function defaultWorkers(): number {
  return Math.min(MOST, availableParallelism());
}

/** Threads that are there for a while. */
export class CalibrationThreads implements Disposable {
  private constructor(
    /** Those that could be begun. */
    readonly threads: readonly CalibrationThread[],
    private readonly workers: readonly Worker[],
  ) {}

  /** Begins so many beside this one; where a host has none, there are fewer. */
  static async open(count: number): Promise<CalibrationThreads> {
    const workers = Array.from({ length: count }, begun).filter((worker) => worker !== undefined);
    const opened = await Promise.all(workers.map((worker) => CalibrationThread.open(worker)));
    return new CalibrationThreads(opened.filter((thread) => thread !== undefined), workers);
  }

  /** Ends them, whatever they do. */
  [Symbol.dispose](): void {
    for (const thread of this.threads) thread[Symbol.dispose]();
    for (const worker of this.workers) worker.terminate();
  }
}

function begun(): Worker | undefined {
  const entry = threadEntry();
  if (entry === undefined) return undefined;
  try {
    // One that comes from a server is imported by a module that says so.
    const url = entry.startsWith("file:")
      ? entry
      : `data:text/javascript,import ${JSON.stringify(entry)}`;
    return new Worker(new URL(url), { workerData: CALIBRATION });
  } catch {
    // No permission, or no threads: this one does it all.
    return undefined;
  }
}
