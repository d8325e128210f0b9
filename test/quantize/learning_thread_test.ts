/** Learning that is shared with other threads: the same bits, and an end whatever happens. */
import assert from "node:assert/strict";
import { BegunThreads } from "../../src/cli/_calibration_threads.ts";
import { threadsBeginWith } from "../../src/cli/_thread_entry.ts";
import { LearningLanes } from "../../src/compile/end_to_end/_learning_lanes.ts";
import { StudentConstants } from "../../src/compile/end_to_end/_student_constants.ts";
import { RATES, Trainables } from "../../src/compile/end_to_end/_trainables.ts";
import { learnIntegerText } from "../../src/compile/end_to_end/learn_text.ts";
import type { LearnTextOptions } from "../../src/compile/end_to_end/learn_text.ts";
import type { LearningState } from "../../src/compile/end_to_end/learning_state.ts";
import { LearningThread, learnOn } from "../../src/compile/end_to_end/learning_thread.ts";
import { calibrateTextModel, parametersOfRanges } from "../../src/compile/integer_text.ts";
import { llamaConfig } from "../../src/models/llama_config.ts";
import { lazyWeights } from "../../src/models/language_weights.ts";
import { writeDecoderParams } from "../../src/quantize/decoder_params.ts";
import { Random } from "../conformance/_random.ts";
import { configOf, weightsOf } from "../models/_llama.ts";

const SIZES = {
  vocabulary: 80,
  depth: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 4,
  hidden: 24,
  width: 16,
  tied: true,
  context: 48,
} as const;
const random = new Random(12);
const windowsOf = (count: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: 24 }, () => random.integer(0, 79)));
const CHECKPOINT = { config: configOf(SIZES), weights: lazyWeights(weightsOf(SIZES, 5)) };
const RANGES = await calibrateTextModel(CHECKPOINT, windowsOf(4), { prefix: [1] });
const PARAMS = parametersOfRanges(CHECKPOINT, RANGES, [], undefined, { down: 12 });
const [WINDOWS, VALIDATION] = [windowsOf(7), windowsOf(3)];

async function learned(more: Partial<LearnTextOptions>) {
  const losses: number[] = [];
  const { params, ...others } = await learnIntegerText(CHECKPOINT, PARAMS, {
    bits: "w4a8",
    windows: WINDOWS,
    validation: VALIDATION,
    batch: 2,
    steps: 9,
    onProgress: ({ loss }) => loss !== undefined && losses.push(loss),
    ...more,
  });
  return { ...others, losses, file: writeDecoderParams(params) };
}

/** Has threads as the command line begins them. */
async function withThreads(
  count: number,
  use: (threads: readonly LearningThread[]) => Promise<void>,
): Promise<void> {
  threadsBeginWith(new URL("../../src/cli/worker.ts", import.meta.url).href);
  try {
    using opened = await BegunThreads.learning(count);
    assert.equal(opened.threads.length, count);
    await use(opened.threads);
  } finally {
    threadsBeginWith(undefined);
  }
}

const workerOf = (name: string): Worker =>
  new Worker(new URL("_learning_worker.ts", import.meta.url), { type: "module", name });

/** What does not end is wrong, too. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it does not end")), 30_000);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

Deno.test("one thread, two and three learn the same bits, and go on from one another's states", async () => {
  const states: LearningState[] = [];
  const onState = (state: LearningState): Promise<void> => {
    states.push(state);
    return Promise.resolve();
  };
  const [two, three] = [await learned({ onState }), await learned({ batch: 3 })];
  assert.ok(two.after < two.before && two.losses.length === 9);
  assert.notEqual(two.file, three.file);
  await withThreads(2, async (threads) => {
    const [state] = states;
    assert.deepEqual(await inTime(learned({ threads: threads.slice(1) })), two);
    // A thread more than windows in a step.
    assert.deepEqual(await inTime(learned({ threads })), two);
    assert.deepEqual(await inTime(learned({ threads, batch: 3 })), three);
    const again = await inTime(learned({ threads, state }));
    assert.equal(again.file, two.file);
    await assert.rejects(learned({ threads, state, batch: 3 }), {
      code: "invalid_file",
      message: /of 2 windows a step, not of 3/,
    });
  });
});

Deno.test("a step of two windows learns from the mean of their gradients", async () => {
  const config = llamaConfig(CHECKPOINT.config);
  const { weights } = CHECKPOINT;
  const constants = StudentConstants.of({ config, weights, grids: PARAMS.grids, bits: "w4a8" });
  const learned = new Trainables(config, PARAMS.grids.grids, RATES);
  using lanes = await LearningLanes.open(constants, 24, []);
  const windows = [0, 1].map((w) => ({
    ids: Int32Array.from(WINDOWS[w]),
    positions: Int32Array.of(3, 9 + w),
    pieces: Int32Array.of(5, 7, 11, 2),
    probabilities: Float32Array.of(0.5, 0.25, 0.5, 0.125),
  }));
  const learn = async (own: typeof windows) => {
    const loss = await lanes.learn(own, learned);
    return { loss, gradient: learned.gradient.slice() };
  };
  const [a, b, both] = [
    await learn([windows[0]]),
    await learn([windows[1]]),
    await learn(windows),
  ];
  assert.ok(a.gradient.some((g) => g !== 0));
  assert.equal(both.loss, (a.loss + b.loss) / 2);
  assert.deepEqual(both.gradient, a.gradient.map((g, i) => Math.fround(g + b.gradient[i]) / 2));
  assert.equal(await lanes.loss(windows, learned), both.loss);
});

Deno.test("learning of threads is stopped in the middle, and a signal is heard while one is waited for", async () => {
  await withThreads(1, async (threads) => {
    const controller = new AbortController();
    let steps = 0;
    const onProgress: LearnTextOptions["onProgress"] = ({ part }) => {
      if (part === "step" && ++steps === 2) controller.abort(new Error("enough"));
    };
    const stopped = learned({ threads, onProgress, signal: controller.signal });
    await assert.rejects(inTime(stopped), { message: "enough" });
    assert.equal(steps, 2);
    // They are there for what comes next.
    assert.equal((await inTime(learned({ threads }))).losses.length, 9);
  });
  const worker = workerOf("deaf");
  const deaf = (await LearningThread.open(worker))!;
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 300);
  const stopped = learned({ threads: [deaf], signal: controller.signal });
  await assert.rejects(inTime(stopped), { message: "enough" });
  worker.terminate();
});

Deno.test("a thread that ends while it learns is said to, with a code", async () => {
  const worker = workerOf("ends");
  const thread = (await LearningThread.open(worker))!;
  const ended = { name: "FewbitError", code: "limit_exceeded", message: /out of memory/ };
  await assert.rejects(inTime(learned({ threads: [thread] })), ended);
  await assert.rejects(inTime(learned({ threads: [thread] })), ended);
  worker.terminate();
  const other = workerOf("");
  const bare = (await LearningThread.open(other))!;
  const window = {
    ids: new Int32Array(2),
    positions: Int32Array.of(0),
    pieces: Int32Array.of(0),
    probabilities: Float32Array.of(1),
  };
  await assert.rejects(learnOn(bare, window, new Float32Array(1)), {
    code: "internal",
    message: /before its student/,
  });
  other.terminate();
});

Deno.test("a step has one window at least, and not too many", async () => {
  for (const batch of [0, 1.5, 65]) {
    await assert.rejects(learned({ batch }), {
      code: "invalid_argument",
      message: /windows a step/,
    });
  }
});
