/**
 * The thread that runs a command. It tells the main thread which temporary file there is, how long it needs to
 * stop, and with which status it ends; a message from there means that the user wants it to stop. A command that
 * calibrates or learns begins more threads with this module, which do their part of that.
 */
import { parentPort, workerData } from "node:worker_threads";
import { runMain } from "./_main.ts";
import { interruptWork, onInterruptible } from "./_interruptible.ts";
import { onGrace, onTemporaryFile } from "./_run.ts";
import { CALIBRATION, LEARNING, threadsBeginWith } from "./_thread_entry.ts";

/** What this thread says. */
export interface WorkerMessage {
  /** The temporary file that is written, `null` when it is gone. */
  readonly temporary?: string | null;
  /** How many milliseconds the command needs to stop by itself. */
  readonly graceMs?: number;
  /** Whether Ctrl-C stops some work only, and not the command. */
  readonly isInterruptible?: boolean;
  /** The end. */
  readonly status?: number;
}

async function runCommand(words: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);
  onTemporaryFile((path) => tell({ temporary: path ?? null }));
  onGrace((graceMs) => tell({ graceMs }));
  // What comes before this is lost in Deno: the words of the command line come with the thread.
  parentPort?.on("message", (message) => {
    if (message === "interrupt") interruptWork();
    else controller.abort();
  });
  onInterruptible((isInterruptible) => tell({ isInterruptible }));
  threadsBeginWith(import.meta.url);
  tell({ status: await runMain(words, controller.signal) });
}

if (workerData === CALIBRATION) {
  (await import("../quantize/calibration_thread.ts")).serveCalibration(parentPort!);
} else if (workerData === LEARNING) {
  (await import("../compile/end_to_end/learning_thread.ts")).serveLearning(parentPort!);
} else await runCommand(workerData);
