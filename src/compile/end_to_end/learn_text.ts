/**
 * The last stage of integer Llamas: end to end, on frozen codes. Row factors, row biases, gains of norms and scales of
 * activations are learned through the integers, by the divergence from the float network; all of them are constants that
 * the engine has anyway, so that it runs as fast as before.
 */
import type { TextCheckpoint } from "../../checkpoints/text_checkpoint.ts";
import { FewbitError } from "../../errors.ts";
import { nextTurn } from "../../event_loop.ts";
import { llamaConfig } from "../../models/llama_config.ts";
import { shuffle } from "../../numeric/shuffle.ts";
import type { DecoderParams } from "../../quantize/decoder_params.ts";
import { hasPaperSites } from "../../quantize/paper_sites.ts";
import type { RoundedWeight } from "../../quantize/rounded_weights.ts";
import type { LanguageBits } from "../../quantize/shifted_weights.ts";
import { Lessons } from "./_lessons.ts";
import { LearningLanes } from "./_learning_lanes.ts";
import { StudentConstants } from "./_student_constants.ts";
import type { StudentSource } from "./_student_constants.ts";
import type { TaughtWindow } from "./_teacher.ts";
import { RATES, Trainables } from "./_trainables.ts";
import { learnedGrids } from "./learned_grids.ts";
import type { LearningState } from "./learning_state.ts";
import type { LearningThread } from "./learning_thread.ts";

/** Where learning is. */
export interface LearningProgress {
  /** What is counted: pieces that the teacher has read, or steps. */
  readonly part: "teacher" | "step";
  /** How many so far. */
  readonly done: number;
  /** How many in all. */
  readonly of: number;
  /** Divergence in the last step, in nats a token. */
  readonly loss?: number;
  /** Divergence in the last validation. */
  readonly validation?: number;
}

/** Options of {@linkcode learnIntegerText}. */
export interface LearnTextOptions {
  /** Bits of the weights. */
  readonly bits: LanguageBits;
  /** Weights of 4 bits that were rounded before; they are not rounded again. */
  readonly rounded?: ReadonlyMap<string, RoundedWeight>;
  /** Windows of ids to learn from, without the prefix. */
  readonly windows: readonly (readonly number[])[];
  /** Windows by which it is known whether learning helps. None of them is learned from. */
  readonly validation: readonly (readonly number[])[];
  /**
   * Ids that are read at once: windows are cut into pieces, and what is left of one is left out. Default: parts of the
   * longest window that have up to 256; where those for validation are shorter, of the longest of them.
   */
  readonly tokens?: number;
  /** Pieces a step, whose gradients are added. Default: 1. */
  readonly batch?: number;
  /** Steps. Default: each piece once. */
  readonly steps?: number;
  /** Other threads that share the pieces of a step with this one: the same bits, sooner. */
  readonly threads?: readonly LearningThread[];
  /** Milliseconds that it may take: there are fewer steps where they would take longer. */
  readonly budgetMs?: number;
  /** What an earlier run has come to. */
  readonly state?: LearningState;
  /** Called every eight steps with what to go on from, and waited for. */
  readonly onState?: (state: LearningState) => Promise<void>;
  /** Called after each window of the teacher, and each step. */
  readonly onProgress?: (progress: LearningProgress) => void;
  /** Stops between two steps with its reason. */
  readonly signal?: AbortSignal;
}

/** What was learned. */
export interface LearnedText {
  /** Those with the least divergence on the windows for validation, or the ones that were given. */
  readonly params: DecoderParams;
  /** Divergence there before, of the likeliest pieces, in nats a token. */
  readonly before: number;
  /** Divergence there after. */
  readonly after: number;
  /** Steps; 0 where the budget has no time for one. */
  readonly steps: number;
  /** Bytes of the programs of one thread's student, beside its codes. */
  readonly memoryBytes: number;
}

/** Pieces of a step, at most. */
const MOST_BATCH = 64;
/** Ids of a piece, at most. */
const TOKENS = 256;
/** Steps from one validation to the next, and from one state to the next. */
const [VALIDATE, KEEP] = [32, 8];
/** The stream of random numbers of the order of windows. */
const ORDER = 0x4f524452;

/** What is learned from. */
interface Taught {
  /** By step, as often as it takes. */
  readonly windows: readonly TaughtWindow[];
  readonly validation: readonly TaughtWindow[];
  readonly steps: number;
}

/**
 * Learns what the constants of an integer Llama should be: Adam on the divergence from the float network, in nats a token,
 * at places of windows that a seed draws, straight through the roundings (`end-to-end` of `fewbit quantize`). The codes of
 * the weights stay, and so do size and speed.
 *
 * @param params Those of `compileIntegerText`; biases and factors that they have are gone on from.
 * @throws {FewbitError} `invalid_argument` without windows to learn from or to validate on, `invalid_file` for a state of
 * another model or batch; `limit_exceeded` where a thread ended; `unsupported` for the paper's sites, or where this host does not run the module for training.
 *
 * @example
 * ```ts
 * import { compileIntegerText, openTextCheckpoint, readDecoderParams } from "@fewbit/fewbit";
 * import { learnIntegerText } from "@fewbit/fewbit/train";
 *
 * async function learn(folder: string, text: string, windows: number[][]) {
 *   const checkpoint = await openTextCheckpoint(folder);
 *   const { params, before, after } = await learnIntegerText(checkpoint, readDecoderParams(text), {
 *     bits: "w8a8",
 *     windows: windows.slice(2),
 *     validation: windows.slice(0, 2),
 *   });
 *   console.log(`KL ${before.toFixed(4)} to ${after.toFixed(4)}`);
 *   return compileIntegerText(checkpoint, params, { bits: "w8a8" });
 * }
 * ```
 */
export async function learnIntegerText(
  { weights, config: json }: Pick<TextCheckpoint, "weights" | "config">,
  params: DecoderParams,
  options: LearnTextOptions,
): Promise<LearnedText> {
  const { bits, rounded } = options;
  const { grids } = params;
  const config = llamaConfig(json);
  if (hasPaperSites(grids)) {
    throw new FewbitError(
      "unsupported",
      "Cannot learn end to end: the grids are the paper's sites",
    );
  }
  const source = { config, weights, grids, bits, ...rounded && { rounded } };
  const { windows, validation, tokens } = pieces(options);
  const { threads = [], batch = 1, signal } = options;
  if (!(Number.isInteger(batch) && batch >= 1 && batch <= MOST_BATCH)) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot learn end to end: ${batch} windows a step, expected 1 to ${MOST_BATCH}`,
    );
  }
  const constants = StudentConstants.of(source);
  using lanes = await LearningLanes.open(constants, tokens, threads.slice(0, batch - 1), signal);
  const learned = new Trainables(config, grids.grids, RATES);
  learned.startBiases(constants, grids);
  const taught = await taughtWindows(
    source,
    options,
    { windows, validation, tokens },
    lanes,
    learned,
  );
  const validate = (): Promise<number> => lanes.loss(taught.validation, learned, signal);
  let { state } = options;
  if (state === undefined) {
    const before = await validate();
    const best = learned.values.slice();
    state = { ...learned.snapshot(), of: taught.steps, batch, before, least: before, best };
  } else if (state.batch !== batch) {
    throw new FewbitError(
      "invalid_file",
      `Cannot go on learning: the state is of ${state.batch} windows a step, not of ${batch}`,
    );
  } else learned.restore(state);
  let last = state.least;
  for (let step = state.steps; step < taught.steps; step++) {
    signal?.throwIfAborted();
    const own = Array.from(
      { length: batch },
      (_, i) => taught.windows[(step * batch + i) % windows.length],
    );
    const loss = await lanes.learn(own, learned, signal);
    learned.update(taught.steps, batch);
    const isLast = step + 1 === taught.steps;
    if ((step + 1) % VALIDATE === 0 || isLast) {
      last = await validate();
      if (last < state.least) state = { ...state, least: last, best: learned.values.slice() };
    }
    const done = { done: step + 1, of: taught.steps };
    options.onProgress?.({ part: "step", ...done, loss, validation: last });
    if ((step + 1) % KEEP === 0 || isLast) {
      state = { ...state, ...learned.snapshot() };
      await options.onState?.(state);
    }
    await nextTurn();
  }
  const { before, least, best } = state;
  const { steps } = taught;
  const { memoryBytes } = lanes;
  if (!(least < before)) return { params, before, after: before, steps, memoryBytes };
  learned.values.set(best);
  const made = learnedGrids(config, grids, constants, learned);
  return { params: { ...params, grids: made }, before, after: least, steps, memoryBytes };
}

/** Windows in pieces of one length. */
function pieces({ windows, validation, tokens: wanted }: LearnTextOptions) {
  const longestOf = (list: readonly (readonly number[])[]): number =>
    list.reduce((most, { length }) => Math.max(most, length), 0);
  // Where windows have several lengths, a piece has to be in both lists.
  const longest = Math.min(longestOf(windows), longestOf(validation));
  const tokens = wanted ?? Math.floor(longest / Math.ceil(longest / TOKENS));
  const cut = (list: readonly (readonly number[])[]): Int32Array[] =>
    list.flatMap((ids) =>
      Array.from(
        { length: Math.floor(ids.length / tokens) },
        (_, i) => Int32Array.from(ids.slice(i * tokens, (i + 1) * tokens)),
      )
    );
  const all = { windows: cut(windows), validation: cut(validation), tokens };
  if (tokens > 0 && all.windows.length > 0 && all.validation.length > 0) return all;
  throw new FewbitError(
    "invalid_argument",
    "Cannot learn end to end: expected windows to learn from, and others as long to validate on",
  );
}

/** Asks the teacher of all windows that steps have left. */
async function taughtWindows(
  source: StudentSource,
  { state, steps: wanted, batch = 1, budgetMs, signal, onProgress }: LearnTextOptions,
  { windows, validation, tokens }: ReturnType<typeof pieces>,
  lanes: LearningLanes,
  learned: Trainables,
): Promise<Taught> {
  using lessons = await Lessons.open(source, tokens);
  const start = performance.now();
  const checks: TaughtWindow[] = [];
  for (const [i, ids] of validation.entries()) {
    signal?.throwIfAborted();
    checks.push(lessons.teach(ids, windows.length + i));
    await nextTurn();
  }
  let steps = state?.of ?? wanted ?? Math.max(1, Math.floor(windows.length / batch));
  if (state === undefined && budgetMs !== undefined) {
    const lesson = (performance.now() - start) / validation.length;
    const begin = performance.now();
    await lanes.learn(Array.from({ length: batch }, () => checks[0]), learned, signal);
    learned.gradient.fill(0);
    const step = performance.now() - begin;
    // A validation is a third of as many windows, at first and every so often.
    const check = step / batch * checks.length / 3;
    const left = budgetMs - (performance.now() - start) - 2 * check;
    const each = batch * lesson + step + check / VALIDATE;
    steps = Math.max(0, Math.min(steps, Math.floor(left / each)));
  }
  const order = shuffle(windows.length, 0, ORDER, 0);
  const taught = new Map<number, TaughtWindow>();
  const first = (state?.steps ?? 0) * batch;
  const last = Math.min(steps * batch, first + windows.length);
  for (let at = first; at < last; at++) {
    signal?.throwIfAborted();
    const place = at % windows.length;
    taught.set(place, lessons.teach(windows[order[place]], order[place]));
    onProgress?.({ part: "teacher", done: at + 1, of: last });
    await nextTurn();
  }
  const all = Array.from({ length: windows.length }, (_, place) => taught.get(place)!);
  return { windows: all, validation: checks, steps };
}
