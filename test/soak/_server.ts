/** The server of a soak, in a process of its own. */
import { setTimeout as delay } from "node:timers/promises";
import type { SoakOptions } from "./options.ts";

/** Milliseconds that a server has to end by itself. */
const PATIENCE_MS = 5000;

/** A server that runs. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly base: string;
  /** How it ended, once it has. */
  ended(): string | undefined;
}

/**
 * Starts the server of a soak and waits until `GET /health` answers.
 *
 * @throws Where it ends, or does not answer in time.
 */
export async function startServer(
  { command, cwd, startSeconds = 30 }: SoakOptions,
): Promise<Server> {
  const port = freePort();
  const [program, ...args] = command.map((word) => word.replaceAll("{port}", String(port)));
  const child = new Deno.Command(program, {
    args,
    ...cwd !== undefined && { cwd },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let end: string | undefined;
  const status = child.status.then(({ code, signal }) => {
    end = signal === null ? `exit code ${code}` : signal;
  });
  const server: Server = {
    pid: child.pid,
    base: `http://127.0.0.1:${port}`,
    ended: () => end,
    async [Symbol.asyncDispose]() {
      if (end === undefined) child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      await status;
      clearTimeout(killer);
    },
  };
  try {
    await waitFor(server, startSeconds);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function waitFor(server: Server, seconds: number): Promise<void> {
  const until = performance.now() + 1000 * seconds;
  while (performance.now() < until) {
    if (server.ended() !== undefined) {
      throw new Error(`Cannot soak: the server ended with ${server.ended()} as it started`);
    }
    try {
      const response = await fetch(`${server.base}/health`, { signal: AbortSignal.timeout(1000) });
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // Not there yet: asked again.
    }
    await delay(100);
  }
  throw new Error(`Cannot soak: ${server.base}/health does not answer after ${seconds} s`);
}

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}
