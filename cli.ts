/**
 * The command line: `deno task fewbit <command>`.
 *
 * Commands run in a thread of their own, so that this one always hears Ctrl-C: long computations do not
 * look up from their work.
 *
 * @module
 */
import type { WorkerMessage } from "./src/cli/worker.ts";

/** How long a command may take to stop by itself. */
const GRACE_MS = 700;

/** Signals that end a command, and the exit status that says so. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

function main(): void {
  const worker = new Worker(new URL("./src/cli/worker.ts", import.meta.url), { type: "module" });
  let temporary: string | null = null;
  let stopped: number | undefined;
  const end = (status: number): never => {
    try {
      if (temporary !== null) Deno.removeSync(temporary);
    } catch {
      // It got its name, or was removed already.
    }
    Deno.exit(status);
  };
  const force = (status: number): never => {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode("\nfewbit: interrupted\n"));
    } catch {
      // Nobody reads it.
    }
    return end(status);
  };
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.temporary !== undefined) temporary = data.temporary;
    if (data.status !== undefined) end(stopped ?? data.status);
  };
  for (const [signal, status] of Object.entries(SIGNALS)) {
    // Windows has no SIGTERM.
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal as keyof typeof SIGNALS, () => {
      if (stopped !== undefined) force(status);
      stopped = status;
      worker.postMessage("stop");
      setTimeout(() => force(status), GRACE_MS);
    });
  }
  worker.postMessage(Deno.args);
}

if (import.meta.main) main();
