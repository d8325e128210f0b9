/**
 * The thread that runs a command. It tells the main thread which temporary file there is and with which
 * status it ends, and is told when the user wants it to stop.
 */
import { runMain } from "./_main.ts";
import { onTemporaryFile } from "./_run.ts";

/** What this thread says. */
export interface WorkerMessage {
  /** The temporary file that is written, `null` when it is gone. */
  readonly temporary?: string | null;
  /** The end. */
  readonly status?: number;
}

const scope = globalThis as unknown as {
  postMessage(message: WorkerMessage): void;
  onmessage: ((event: MessageEvent<readonly string[] | "stop">) => void) | null;
};

const controller = new AbortController();

onTemporaryFile((path) => scope.postMessage({ temporary: path ?? null }));
scope.onmessage = ({ data }) => {
  if (data === "stop") controller.abort();
  else runMain(data, controller.signal).then((status) => scope.postMessage({ status }));
};
