/** What a soak is told. */
import type { Kind } from "./kinds.ts";

/** What to soak, and for how long. */
export interface SoakOptions {
  /**
   * Program and arguments of the server. `{port}` stands for a free port of 127.0.0.1, on which it must
   * listen. The process must be the server itself, not one that starts it: its memory is measured.
   */
  readonly command: readonly string[];
  /** Where the server starts. Default: here. */
  readonly cwd?: string;
  /** Clients at a time, each with one request. Default 50. */
  readonly clients?: number;
  /** Default 300. */
  readonly seconds?: number;
  /** Of the requests. Default 1. */
  readonly seed?: number;
  /** Seconds after which a missing answer is a failure. Default 60. */
  readonly timeoutSeconds?: number;
  /** Seconds that the server has to answer `GET /health` from its start on. Default 30. */
  readonly startSeconds?: number;
  /** Default: all of kinds.ts. */
  readonly kinds?: readonly Kind[];
}
