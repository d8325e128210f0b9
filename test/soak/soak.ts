/** Many clients at a server for a while, with good requests and hostile ones. */
import { randomOf } from "../fuzz/_random.ts";
import { MemoryWatch } from "./_memory.ts";
import type { MemoryReport } from "./_memory.ts";
import { startServer } from "./_server.ts";
import { Tally } from "./_tally.ts";
import type { KindReport } from "./_tally.ts";
import { KINDS } from "./kinds.ts";
import type { SoakOptions } from "./options.ts";

/** What came of it. */
export interface SoakReport {
  readonly seconds: number;
  readonly clients: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Requests with another answer than they deserve, and 1 where the server ended. */
  readonly failures: number;
  /** Sentences: how the server ended, where it did, and the first failures. */
  readonly problems: readonly string[];
  /** In the order of the options. */
  readonly kinds: readonly KindReport[];
  /** Of the server. */
  readonly memory: MemoryReport;
}

/**
 * Starts a server and soaks it.
 *
 * @throws Where the server does not start.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { clients = 50, seconds = 300, seed = 1, timeoutSeconds = 60 } = options;
  await using server = await startServer(options);
  using memory = new MemoryWatch(server.pid);
  const tally = new Tally(options.kinds ?? KINDS);
  const start = performance.now();
  const until = start + 1000 * seconds;
  const client = async (number: number): Promise<void> => {
    for (let i = 0; performance.now() < until && server.ended() === undefined; i++) {
      await tally.request(server.base, randomOf(seed * clients + number, i), 1000 * timeoutSeconds);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const elapsed = (performance.now() - start) / 1000;
  const end = server.ended();
  const kinds = tally.reports();
  const sum = (of: "requests" | "failures"): number => kinds.reduce((n, kind) => n + kind[of], 0);
  return {
    seconds: elapsed,
    clients,
    requests: sum("requests"),
    requestsPerSecond: sum("requests") / elapsed,
    failures: sum("failures") + (end === undefined ? 0 : 1),
    problems: [...end === undefined ? [] : [`the server ended with ${end}`], ...tally.problems],
    kinds,
    memory: memory.report(),
  };
}
