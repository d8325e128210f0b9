/** A thread that answers requests, each by its number: what both sides of calibration and learning say. */
import { FewbitError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { portOf } from "./thread_port.ts";
import type { ThreadPort, WorkerLike } from "./thread_port.ts";

/**
 * A request or an answer: what it is, and what belongs to it. Numbers go as buffers: Deno's `node:worker_threads` looks for
 * ports in every element of an array that comes with a message, which takes longer than what is to be done with it.
 */
export interface ThreadMessage {
  readonly kind: string;
}

/** What comes back where it failed. */
interface Failure extends ThreadMessage {
  readonly code: ErrorCode;
  readonly message: string;
}

type Numbered = ThreadMessage & { readonly id: number };

/** Of all requests: what an earlier owner did not wait for answers no other. */
let next = 0;

/** How long a thread may take to begin. */
export const BEGIN_MS = 60_000;

/** Whoever waits for an answer. */
interface Waiting {
  readonly resolve: (answer: ThreadMessage) => void;
  readonly reject: (error: FewbitError) => void;
}

/** The side that asks. */
export class AskedThread implements Disposable {
  readonly #waiting = new Map<number, Waiting>();
  #ended: FewbitError | undefined;
  readonly #stop: () => void;

  private constructor(private readonly port: ThreadPort) {
    this.#stop = port.listen((message) => {
      const answer = message as Numbered;
      if (answer.kind === "ready") return;
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.kind !== "failed") return waiting?.resolve(answer);
      const { code, message: why } = answer as Numbered & Failure;
      waiting?.reject(new FewbitError(code, why));
    }, (why) => {
      this.#ended = new FewbitError(
        "limit_exceeded",
        `Cannot go on: a thread ended (${why}); fewer of them need less memory`,
      );
      for (const { reject } of this.#waiting.values()) reject(this.#ended);
      this.#waiting.clear();
    });
  }

  /**
   * A worker in which {@linkcode answerRequests} runs; it stays its owner's, who ends it.
   *
   * @returns `undefined` where there is none: it ended, or has not begun in time.
   */
  static open(worker: WorkerLike, waitMs: number): Promise<AskedThread | undefined> {
    const port = portOf(worker);
    return new Promise((resolve) => {
      const settle = (isThere: boolean): void => {
        clearTimeout(timer);
        stop();
        resolve(isThere ? new AskedThread(port) : undefined);
      };
      const timer = setTimeout(() => settle(false), waitMs);
      const stop = port.listen(
        (message) => (message as ThreadMessage).kind === "ready" && settle(true),
        () => settle(false),
      );
      // It may have said that it is ready before anyone listened.
      port.post({ kind: "hello" });
    });
  }

  /**
   * What a request is answered.
   *
   * @param kind What the answer has to be.
   * @throws {FewbitError} What the other side threw; `limit_exceeded` where it ended.
   */
  ask<Answer extends ThreadMessage>(
    request: ThreadMessage,
    kind: Answer["kind"],
    transfer: ArrayBuffer[] = [],
  ): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: (answer) =>
          answer.kind === kind
            ? resolve(answer as Answer)
            : reject(new FewbitError("internal", `A thread answers ${answer.kind}`)),
        reject,
      });
      this.port.post({ ...request, id }, transfer);
    });
  }

  /** Hears the thread no more; to end it is its owner's. */
  [Symbol.dispose](): void {
    this.#stop();
    this.#waiting.clear();
  }
}

/** The side that answers, one request after the other, for as long as the thread that asks lives. */
export function answerRequests(
  parent: WorkerLike,
  answer: (
    request: ThreadMessage,
  ) => Promise<{ readonly answer: ThreadMessage; readonly transfer?: ArrayBuffer[] }>,
): void {
  const port = portOf(parent);
  let last: Promise<void> = Promise.resolve();
  const answered = async (request: Numbered): Promise<void> => {
    const { answer: own, transfer } = await answer(request);
    port.post({ ...own, id: request.id }, transfer);
  };
  port.listen((message) => {
    const request = message as Numbered;
    if (request.kind === "hello") return port.post({ kind: "ready" });
    last = last.then(() => answered(request)).catch((error) => {
      const code = error instanceof FewbitError ? error.code : "internal";
      const message = error instanceof Error ? error.message : String(error);
      port.post({ kind: "failed", id: request.id, code, message });
    });
  }, () => {});
  port.post({ kind: "ready" });
}

/** The buffer of an array that has all of it, else a copy of its part. */
export function wholeBuffer(
  array: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
): ArrayBuffer {
  return array.byteLength === array.buffer.byteLength ? array.buffer : array.slice().buffer;
}
