/** Workers of the web and of Node, alike. */

/** A `Worker`, `self` in one, a `MessagePort`; or a `Worker` of Node, `parentPort` in one. */
export interface WorkerLike {
  /** Sends a message; the buffers are the other side's then. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Of the web: has a function told of events. */
  addEventListener?(type: string, listener: (event: Event) => void): void;
  /** Of the web: lets go of it. */
  removeEventListener?(type: string, listener: (event: Event) => void): void;
  /** Of Node: has a function told of messages and the end. */
  on?(type: string, listener: (value: unknown) => void): unknown;
  /** Of Node: lets go of it. */
  off?(type: string, listener: (value: unknown) => void): unknown;
}

/** One end of a connection between two threads. */
export interface ThreadPort {
  /** Sends a message; the buffers are the other side's then. */
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  /**
   * Has functions told of messages, and of the end of the other side and why.
   *
   * @returns Lets go of them.
   */
  listen(onMessage: (message: unknown) => void, onEnd: (why: string) => void): () => void;
}

/** A worker as a port. */
export function portOf(worker: WorkerLike): ThreadPort {
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    listen: (onMessage, onEnd) =>
      worker.on === undefined
        ? listenOnWeb(worker, onMessage, onEnd)
        : listenOnNode(worker, onMessage, onEnd),
  };
}

type Told = (value: never) => void;

function listenOnNode(
  worker: WorkerLike,
  onMessage: (message: unknown) => void,
  onEnd: (why: string) => void,
): () => void {
  return added(
    {
      message: onMessage,
      error: (error: unknown) => onEnd(error instanceof Error ? error.message : String(error)),
      exit: (code: unknown) => onEnd(`exit ${code}`),
    },
    (type, told) => worker.on?.(type, told as (value: unknown) => void),
    (type, told) => worker.off?.(type, told as (value: unknown) => void),
  );
}

function listenOnWeb(
  worker: WorkerLike,
  onMessage: (message: unknown) => void,
  onEnd: (why: string) => void,
): () => void {
  return added(
    {
      message: (event: MessageEvent) => onMessage(event.data),
      error: (event: ErrorEvent) => {
        // It is told to whoever waits, and nobody else's.
        event.preventDefault();
        onEnd(event.message || "error");
      },
    },
    (type, told) => worker.addEventListener?.(type, told as (event: Event) => void),
    (type, told) => worker.removeEventListener?.(type, told as (event: Event) => void),
  );
}

function added(
  told: Readonly<Record<string, Told>>,
  add: (type: string, told: Told) => void,
  remove: (type: string, told: Told) => void,
): () => void {
  for (const [type, each] of Object.entries(told)) add(type, each);
  return () => {
    for (const [type, each] of Object.entries(told)) remove(type, each);
  };
}
