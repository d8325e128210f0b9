/**
 * The command line: `deno task fewbit <command>`.
 *
 * Commands run in a thread of their own, so that this one always hears Ctrl-C: long computations do not
 * look up from their work. This file begins both threads, so that it is one when it is bundled.
 *
 * @module
 */
import { unlinkSync, writeSync } from "node:fs";
import process from "node:process";
import { isMainThread, Worker } from "node:worker_threads";
import type { WorkerMessage } from "./src/cli/worker.ts";

/** How long a command may take to stop by itself, unless it asks for more. */
const GRACE_MS = 700;

/** Signals that end a command, and the exit status that says so. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

function main(): void {
  const worker = new Worker(threadEntry(), { workerData: process.argv.slice(2) });
  let temporary: string | null = null;
  let isInterruptible = false;
  let stopped: number | undefined;
  let graceMs = GRACE_MS;
  const end = (status: number): never => {
    try {
      if (temporary !== null) unlinkSync(temporary);
    } catch {
      // It got its name, or was removed already.
    }
    process.exit(status);
  };
  const force = (status: number): never => {
    try {
      writeSync(2, "\nfewbit: interrupted\n");
    } catch {
      // Nobody reads it.
    }
    return end(status);
  };
  worker.on("message", (data: WorkerMessage) => {
    if (data.temporary !== undefined) temporary = data.temporary;
    if (data.graceMs !== undefined) graceMs = data.graceMs;
    isInterruptible = data.isInterruptible ?? isInterruptible;
    if (data.status !== undefined) end(stopped ?? data.status);
  });
  for (const [signal, status] of Object.entries(SIGNALS)) {
    // Windows has no SIGTERM.
    if (signal === "SIGTERM" && process.platform === "win32") continue;
    process.on(signal, () => {
      if (isInterruptible && stopped === undefined && signal === "SIGINT") {
        isInterruptible = false;
        worker.postMessage("interrupt");
        return;
      }
      if (stopped !== undefined) force(status);
      stopped = status;
      worker.postMessage("stop");
      setTimeout(() => force(status), graceMs);
    });
  }
}

/** This file, for a thread; one that comes from a server is imported by a module that says so. */
function threadEntry(): URL {
  const { url } = import.meta;
  const isFile = url.startsWith("file:");
  return new URL(isFile ? url : `data:text/javascript,import ${JSON.stringify(url)}`);
}

if (isMainThread) main();
else await import("./src/cli/worker.ts");
