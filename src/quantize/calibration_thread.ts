/** Other threads that run windows of a calibration, and what they and this one say. */
import { load } from "../engines/load.ts";
import type { SyncInstance } from "../engines/engine.ts";
import { FewbitError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { CompiledProgram } from "../program/program.ts";
import { BlockRunner } from "./block_runner.ts";
import type { BlockResult, BlockTask } from "./block_runner.ts";
import { portOf } from "./thread_port.ts";
import type { ThreadPort, WorkerLike } from "./thread_port.ts";

/**
 * What a thread is asked. Numbers go as buffers: Deno's `node:worker_threads` looks for ports in every element of an array
 * that comes with a message, which takes longer than what is to be done with it.
 */
type Request =
  | { readonly kind: "hello" }
  | {
    readonly kind: "begin";
    readonly id: number;
    readonly file: ArrayBuffer;
    readonly task: BlockTask;
  }
  | {
    readonly kind: "run";
    readonly id: number;
    readonly x: ArrayBuffer;
    readonly width: number;
  };

/** What it answers. */
type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "begun"; readonly id: number }
  | {
    readonly kind: "result";
    readonly id: number;
    readonly residual: ArrayBuffer;
    readonly seen: readonly (readonly ArrayBuffer[])[];
  }
  | {
    readonly kind: "failed";
    readonly id: number;
    readonly code: ErrorCode;
    readonly message: string;
  };

/** Of all requests: what an earlier owner did not wait for answers no other. */
let next = 0;

/** How long a thread may take to begin. */
const BEGIN_MS = 60_000;

/** Whoever waits for an answer. */
interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: FewbitError) => void;
}

/**
 * A thread that runs windows for this one.
 *
 * @example
 * ```ts
 * import { CalibrationThread } from "@fewbit/fewbit";
 *
 * // worker.ts: serveCalibration(self);
 * async function another(): Promise<CalibrationThread | undefined> {
 *   const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
 *   return await CalibrationThread.open(worker); // for the `threads` of calibrateTextModel
 * }
 * ```
 */
export class CalibrationThread implements Disposable {
  readonly #waiting = new Map<number, Waiting>();
  #ended: FewbitError | undefined;
  readonly #stop: () => void;

  private constructor(private readonly port: ThreadPort) {
    this.#stop = port.listen((message) => {
      const answer = message as Answer;
      if (answer.kind === "ready") return;
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.kind !== "failed") waiting?.resolve(answer);
      else waiting?.reject(new FewbitError(answer.code, answer.message));
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
   * A worker in which {@linkcode serveCalibration} runs; it stays its owner's, who ends it.
   *
   * @param worker A `Worker` of the web or of Node.
   * @param waitMs How long it may take to begin.
   * @returns `undefined` where there is none: it ended, or has not begun after some seconds.
   */
  static open(
    worker: WorkerLike,
    waitMs: number = BEGIN_MS,
  ): Promise<CalibrationThread | undefined> {
    const port = portOf(worker);
    return new Promise((resolve) => {
      const settle = (isThere: boolean): void => {
        clearTimeout(timer);
        stop();
        resolve(isThere ? new CalibrationThread(port) : undefined);
      };
      const timer = setTimeout(() => settle(false), waitMs);
      const stop = port.listen(
        (message) => (message as Answer).kind === "ready" && settle(true),
        () => settle(false),
      );
      // It may have said that it is ready before anyone listened.
      port.post({ kind: "hello" } satisfies Request);
    });
  }

  /** Takes the block that comes next. */
  async begin(file: Uint8Array<ArrayBuffer>, task: BlockTask): Promise<void> {
    const whole = wholeBuffer(file);
    await this.#ask((id) =>
      this.port.post({ kind: "begin", id, file: whole, task } satisfies Request)
    );
  }

  /** Runs a window; its residual moves to the thread. */
  async run(x: Float32Array<ArrayBuffer>, width: number): Promise<BlockResult> {
    const buffer = wholeBuffer(x);
    const answer = await this.#ask((id) =>
      this.port.post({ kind: "run", id, x: buffer, width } satisfies Request, [buffer])
    );
    if (answer.kind === "result") {
      const { residual, seen } = answer;
      return {
        residual: new Float32Array(residual),
        seen: seen.map((arrays) => arrays.map((array) => new Float32Array(array))),
      };
    }
    throw new FewbitError("internal", `A thread answers ${answer.kind}`);
  }

  #ask(post: (id: number) => void): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      post(id);
    });
  }

  /** Hears the thread no more; to end it is its owner's. */
  [Symbol.dispose](): void {
    this.#stop();
    this.#waiting.clear();
  }
}

/**
 * Runs windows for the thread that began this one, for as long as this one lives.
 *
 * @param parent `self` in a worker of the web, `parentPort` in one of Node.
 *
 * @example
 * ```ts
 * import { serveCalibration } from "@fewbit/fewbit";
 * import { parentPort } from "node:worker_threads";
 *
 * if (parentPort !== null) serveCalibration(parentPort);
 * ```
 */
export function serveCalibration(parent: WorkerLike): void {
  const port = portOf(parent);
  const runner = new BlockRunner(loadSync);
  const answer = async (request: Exclude<Request, { kind: "hello" }>): Promise<void> => {
    const { id } = request;
    if (request.kind === "begin") {
      const { file, task } = request;
      await runner.begin(task, () => loadSync(new Uint8Array(file), task.symbols));
      return say({ kind: "begun", id });
    }
    const result = runner.run(new Float32Array(request.x), request.width);
    const residual = wholeBuffer(result.residual);
    const seen = result.seen.map((arrays) => arrays.map(wholeBuffer));
    say({ kind: "result", id, residual, seen }, [residual, ...seen.flat()]);
  };
  const say = (message: Answer, transfer?: ArrayBuffer[]): void => port.post(message, transfer);
  // One after the other: a block is loaded before its windows run.
  let last: Promise<void> = Promise.resolve();
  port.listen((message) => {
    const request = message as Request;
    if (request.kind === "hello") return say({ kind: "ready" });
    last = last.then(() => answer(request)).catch((error) => {
      const code = error instanceof FewbitError ? error.code : "internal";
      const message = error instanceof Error ? error.message : String(error);
      say({ kind: "failed", id: request.id, code, message });
    });
  }, () => {});
  say({ kind: "ready" });
}

/** The buffer of an array that has all of it, else a copy of its part. */
function wholeBuffer(array: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>): ArrayBuffer {
  return array.byteLength === array.buffer.byteLength ? array.buffer : array.slice().buffer;
}

async function loadSync(
  program: CompiledProgram | Uint8Array<ArrayBuffer>,
  symbols: Readonly<Record<string, number>>,
): Promise<SyncInstance> {
  return await load(program, { symbols });
}
