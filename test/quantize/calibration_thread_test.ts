/** Calibration that is shared with other threads: the same bits, and an end whatever happens. */
import assert from "node:assert/strict";
import { BegunThreads } from "../../src/cli/_calibration_threads.ts";
import { threadsBeginWith } from "../../src/cli/_thread_entry.ts";
import { calibrateTextModel } from "../../src/compile/integer_text.ts";
import { load } from "../../src/engines/load.ts";
import { buildLlama } from "../../src/models/llama.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { CalibrationThread } from "../../src/quantize/calibration_thread.ts";
import { momentsOfLlama } from "../../src/quantize/decoder_moments.ts";
import type { BlockMoments } from "../../src/quantize/decoder_moments.ts";
import type { DecoderRanges } from "../../src/quantize/decoder_ranges.ts";
import { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 61,
  depth: 3,
  heads: 4,
  kvHeads: 2,
  headSize: 6,
  hidden: 30,
  width: 20,
  tied: true,
  context: 48,
} as const;
const random = new Random(12);
/** Of different lengths, an odd number of them. */
const WINDOWS = Array.from(
  { length: 7 },
  (_, i) => Array.from({ length: 30 - 3 * i }, () => random.integer(0, 60)),
);
const CHECKPOINT = {
  config: configOf(SIZES),
  weights: lazyWeights(weightsOf(SIZES, 5)),
};
const graph = () => buildLlama(llamaConfig(CHECKPOINT.config), CHECKPOINT.weights);

type Options = Partial<Parameters<typeof momentsOfLlama>[1]>;

const momentsBy = (options: Options): Promise<BlockMoments[]> =>
  Array.fromAsync(momentsOfLlama(graph(), {
    prefix: [1],
    windows: WINDOWS,
    load: async (program, symbols) => await load(program, { symbols }),
    ...options,
  }));

const rangesBy = (threads: readonly CalibrationThread[]): Promise<DecoderRanges> =>
  calibrateTextModel(CHECKPOINT, WINDOWS, { prefix: [1], threads });

/** Has threads as the command line begins them, and its own thread as well. */
async function withThreads(
  count: number,
  use: (threads: readonly CalibrationThread[]) => Promise<void>,
): Promise<void> {
  threadsBeginWith(new URL("../../src/cli/worker.ts", import.meta.url).href);
  try {
    using opened = await BegunThreads.calibrating(count);
    assert.equal(opened.threads.length, count);
    await use(opened.threads);
  } finally {
    threadsBeginWith(undefined);
  }
}

const workerOf = (name: string): Worker =>
  new Worker(new URL("_calibration_worker.ts", import.meta.url), { type: "module", name });

/** What does not end is wrong, too. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it does not end")), 30_000);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

Deno.test("one thread, two and three have the same bits, of ranges and of moments", async () => {
  const [ranges, moments] = [await rangesBy([]), await momentsBy({})];
  for (const count of [1, 2]) {
    await withThreads(count, async (threads) => {
      assert.deepEqual(await inTime(rangesBy(threads)), ranges);
      const seen: string[] = [];
      const onProgress = (layer: number, windows: number): number =>
        seen.push(`${layer}.${windows}`);
      assert.deepEqual(await inTime(momentsBy({ threads, onProgress })), moments);
      assert.equal(
        seen.join(" "),
        [0, 1, 2].flatMap((l) => WINDOWS.map((_, w) => `${l}.${w + 1}`)).join(" "),
      );
      // More threads than windows.
      const windows = WINDOWS.slice(0, 1);
      assert.deepEqual(await momentsBy({ threads, windows }), await momentsBy({ windows }));
    });
  }
});

Deno.test("what is stopped in the middle says why, and its threads are there for what comes next", async () => {
  const moments = await momentsBy({});
  await withThreads(1, async (threads) => {
    for (const at of [1, 2, 9, 15]) {
      const controller = new AbortController();
      let windows = 0;
      const onProgress = (): void => {
        if (++windows === at) controller.abort(new Error("enough"));
      };
      const stopped = momentsBy({ threads, onProgress, signal: controller.signal });
      await assert.rejects(inTime(stopped), { message: "enough" });
      assert.equal(windows, at);
    }
    assert.deepEqual(await inTime(momentsBy({ threads })), moments);
  });
});

Deno.test("a signal is heard while a thread is waited for", async () => {
  const worker = workerOf("deaf");
  const thread = (await CalibrationThread.open(worker))!;
  const controller = new AbortController();
  let windows = 0;
  const stopped = momentsBy({
    threads: [thread],
    signal: controller.signal,
    onProgress: () => {
      if (++windows === 1) setTimeout(() => controller.abort(new Error("enough")), 100);
    },
  });
  await assert.rejects(inTime(stopped), { message: "enough" });
  assert.equal(windows, 1);
  worker.terminate();
});

Deno.test("errors of a thread have their codes, and one that ends is said to", async () => {
  const worker = workerOf("ends");
  const thread = (await CalibrationThread.open(worker))!;
  const task = {
    symbols: {},
    wanted: "ranges",
    outputs: [],
    most: { rows: 1, columns: 1 },
  } as const;
  await assert.rejects(thread.begin(Uint8Array.of(1, 2, 3), task), {
    name: "FewbitError",
    code: "invalid_file",
  });
  const ended = { name: "FewbitError", code: "limit_exceeded", message: /out of memory/ };
  await assert.rejects(inTime(momentsBy({ threads: [thread] })), ended);
  await assert.rejects(inTime(momentsBy({ threads: [thread] })), ended);
  worker.terminate();
});

Deno.test("where no thread begins there is one fewer", async () => {
  for (const name of ["throws", "silent"]) {
    const worker = workerOf(name);
    assert.equal(await CalibrationThread.open(worker, name === "silent" ? 300 : 60_000), undefined);
    worker.terminate();
  }
  threadsBeginWith("file:///there/is/no/such/module.ts");
  using none = await BegunThreads.calibrating(2);
  assert.equal(none.threads.length, 0);
  threadsBeginWith(undefined);
});
