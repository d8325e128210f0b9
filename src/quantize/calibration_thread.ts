/** Other threads that run windows of a calibration, and what they and this one say. */
import { load } from "../engines/load.ts";
import type { SyncInstance } from "../engines/engine.ts";
import type { CompiledProgram } from "../program/program.ts";
import { answerRequests, AskedThread, BEGIN_MS, wholeBuffer } from "./asked_thread.ts";
import type { ThreadMessage } from "./asked_thread.ts";
import { BlockRunner } from "./block_runner.ts";
import type { BlockResult, BlockTask } from "./block_runner.ts";
import type { WorkerLike } from "./thread_port.ts";

/** What a thread is asked. */
type Request =
  | { readonly kind: "begin"; readonly file: ArrayBuffer; readonly task: BlockTask }
  | { readonly kind: "run"; readonly x: ArrayBuffer; readonly width: number };

/** What it answers to a window. */
interface Result {
  readonly kind: "result";
  readonly residual: ArrayBuffer;
  readonly seen: readonly (readonly ArrayBuffer[])[];
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
  readonly #thread: AskedThread;

  private constructor(thread: AskedThread) {
    this.#thread = thread;
  }

  /**
   * A worker in which {@linkcode serveCalibration} runs; it stays its owner's, who ends it.
   *
   * @param worker A `Worker` of the web or of Node.
   * @param waitMs How long it may take to begin.
   * @returns `undefined` where there is none: it ended, or has not begun after some seconds.
   */
  static async open(
    worker: WorkerLike,
    waitMs: number = BEGIN_MS,
  ): Promise<CalibrationThread | undefined> {
    const thread = await AskedThread.open(worker, waitMs);
    return thread && new CalibrationThread(thread);
  }

  /** Takes the block that comes next. */
  async begin(file: Uint8Array<ArrayBuffer>, task: BlockTask): Promise<void> {
    await this.#thread.ask({ kind: "begin", file: wholeBuffer(file), task } as Request, "begun");
  }

  /** Runs a window; its residual moves to the thread. */
  async run(x: Float32Array<ArrayBuffer>, width: number): Promise<BlockResult> {
    const buffer = wholeBuffer(x);
    const request: Request = { kind: "run", x: buffer, width };
    const { residual, seen } = await this.#thread.ask<Result>(request, "result", [buffer]);
    return {
      residual: new Float32Array(residual),
      seen: seen.map((arrays) => arrays.map((array) => new Float32Array(array))),
    };
  }

  /** Hears the thread no more; to end it is its owner's. */
  [Symbol.dispose](): void {
    this.#thread[Symbol.dispose]();
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
  const runner = new BlockRunner(loadSync);
  answerRequests(parent, async (message: ThreadMessage) => {
    const request = message as Request;
    if (request.kind === "begin") {
      const { file, task } = request;
      await runner.begin(task, () => loadSync(new Uint8Array(file), task.symbols));
      return { answer: { kind: "begun" } };
    }
    const result = runner.run(new Float32Array(request.x), request.width);
    const residual = wholeBuffer(result.residual);
    const seen = result.seen.map((arrays) => arrays.map(wholeBuffer));
    const answer: Result = { kind: "result", residual, seen };
    return { answer, transfer: [residual, ...seen.flat()] };
  });
}

async function loadSync(
  program: CompiledProgram | Uint8Array<ArrayBuffer>,
  symbols: Readonly<Record<string, number>>,
): Promise<SyncInstance> {
  return await load(program, { symbols });
}
