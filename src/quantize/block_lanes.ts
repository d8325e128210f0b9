/** Windows of a block, shared out among this thread and others; results come in the order of the windows. */
import { orAbort } from "../engines/or_abort.ts";
import { nextTurn } from "../event_loop.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import { BlockRunner } from "./block_runner.ts";
import type { BlockResult, BlockTask } from "./block_runner.ts";
import type { CalibrationThread } from "./calibration_thread.ts";
import type { LoadProgram } from "./second_moments.ts";

/**
 * Lane 0 is this thread, the others are threads; window w belongs to lane `w mod lanes`. As results are taken in the
 * order of the windows, sums have one order, and so the same bits, however many lanes there are.
 */
export class BlockLanes implements Disposable {
  readonly #own: BlockRunner;

  /**
   * @param load Loads programs in this thread.
   * @param threads The others, which stay their owner's.
   */
  constructor(
    private readonly load: LoadProgram,
    private readonly threads: readonly CalibrationThread[],
  ) {
    this.#own = new BlockRunner(load);
  }

  /**
   * Runs windows through a block, each in place of what it was.
   *
   * @param streams The residual before the block, of each window; afterwards what is behind it.
   * @param width Channels of the residual.
   * @returns What was seen of each window, in order.
   */
  async *run(
    program: CompiledProgram,
    task: BlockTask,
    streams: Float32Array<ArrayBuffer>[],
    width: number,
    signal?: AbortSignal,
  ): AsyncGenerator<BlockResult["seen"]> {
    signal?.throwIfAborted();
    // One window needs no other thread.
    const threads = this.threads.slice(0, streams.length - 1);
    const lanes = threads.length + 1;
    const ready = Promise.all([
      ...await begun(program, task, threads),
      this.#own.begin(task, () => this.load(program, task.symbols)),
    ]);
    await orAbort(ready, signal);
    const asked: Promise<BlockResult>[] = [];
    for (let w = 0; w < streams.length; w++) {
      signal?.throwIfAborted();
      // A thread has its next window before what it made of the last one is taken, and no more than that.
      for (let next = asked.length; next <= Math.min(w + lanes + 1, streams.length - 1); next++) {
        const lane = next % lanes;
        if (lane === 0) {
          asked.push(OWN);
          continue;
        }
        const result = threads[lane - 1].run(streams[next], width);
        // Who is not waited for any more must not fail loudly.
        result.catch(() => {});
        asked.push(result);
      }
      const { residual, seen } = w % lanes === 0
        ? this.#own.run(streams[w], width)
        : await orAbort(asked[w], signal);
      asked[w] = OWN;
      streams[w] = residual;
      yield seen;
      await nextTurn();
    }
  }

  [Symbol.dispose](): void {
    this.#own[Symbol.dispose]();
  }
}

/** In place of what a thread was asked for. */
const OWN: Promise<never> = new Promise(() => {});

/** Tells threads of a block. */
async function begun(
  program: CompiledProgram,
  task: BlockTask,
  threads: readonly CalibrationThread[],
): Promise<Promise<void>[]> {
  if (threads.length === 0) return [];
  const file = await encodeProgram(program);
  return threads.map((thread) => thread.begin(file, task));
}
