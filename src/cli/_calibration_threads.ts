/** Threads that calibrate or learn beside the one of the command. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { LearningThread } from "../compile/end_to_end/learning_thread.ts";
import { CalibrationThread } from "../quantize/calibration_thread.ts";
import { CALIBRATION, LEARNING, threadEntry } from "./_thread_entry.ts";
import type { ThreadPurpose } from "./_thread_entry.ts";

/** More threads than this are not begun unasked: each has products of its own. */
const MOST = 2;

/** How many threads calibrate where nothing is said, the command's included. */
export function defaultWorkers(): number {
  return Math.min(MOST, availableParallelism());
}

/** Threads that are there for a while. */
export class BegunThreads<Thread extends Disposable> implements Disposable {
  private constructor(
    /** Those that could be begun. */
    readonly threads: readonly Thread[],
    private readonly workers: readonly Worker[],
  ) {}

  /** Begins so many beside this one that calibrate; where a host has none, there are fewer. */
  static async calibrating(count: number): Promise<BegunThreads<CalibrationThread>> {
    return await BegunThreads.#open(count, CALIBRATION, (worker) => CalibrationThread.open(worker));
  }

  /** The same of threads that learn. */
  static async learning(count: number): Promise<BegunThreads<LearningThread>> {
    const { LearningThread } = await import("../compile/end_to_end/learning_thread.ts");
    return await BegunThreads.#open(count, LEARNING, (worker) => LearningThread.open(worker));
  }

  static async #open<Thread extends Disposable>(
    count: number,
    purpose: ThreadPurpose,
    open: (worker: Worker) => Promise<Thread | undefined>,
  ): Promise<BegunThreads<Thread>> {
    const workers = Array.from({ length: count }, () => begun(purpose))
      .filter((worker) => worker !== undefined);
    const opened = await Promise.all(workers.map(open));
    return new BegunThreads(opened.filter((thread) => thread !== undefined), workers);
  }

  /** Ends them, whatever they do. */
  [Symbol.dispose](): void {
    for (const thread of this.threads) thread[Symbol.dispose]();
    for (const worker of this.workers) worker.terminate();
  }
}

function begun(purpose: ThreadPurpose): Worker | undefined {
  const entry = threadEntry();
  if (entry === undefined) return undefined;
  try {
    // One that comes from a server is imported by a module that says so.
    const url = entry.startsWith("file:")
      ? entry
      : `data:text/javascript,import ${JSON.stringify(entry)}`;
    return new Worker(new URL(url), { workerData: purpose });
  } catch {
    // No permission, or no threads: this one does it all.
    return undefined;
  }
}
