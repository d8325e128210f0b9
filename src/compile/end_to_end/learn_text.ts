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
import type { StudentSource } from "./_student_constants.ts";
import type { TaughtWindow } from "./_teacher.ts";
import { RATES, Trainables } from "./_trainables.ts";
import { learnedGrids } from "./learned_grids.ts";
import type { LearningState } from "./learning_state.ts";
import { Student } from "./student.ts";

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
   * longest window that have up to 256.
   */
  readonly tokens?: number;
  /** Steps, a piece each. Default: each piece once. */
  readonly steps?: number;
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
}

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
 * another model; `unsupported` for the paper's sites, or where this host does not run the module for training.
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
  using student = await Student.open(source, tokens);
  const learned = new Trainables(config, grids, RATES);
  learned.startBiases(student.constants, grids);
  const taught = await taughtWindows(source, options, windows, validation, student, learned);
  const validate = async (): Promise<number> => {
    let sum = 0;
    for (const window of taught.validation) {
      options.signal?.throwIfAborted();
      sum += student.loss(window, learned);
      await nextTurn();
    }
    return sum / taught.validation.length;
  };
  let { state } = options;
  if (state === undefined) {
    const before = await validate();
    const best = learned.values.slice();
    state = { ...learned.snapshot(), of: taught.steps, before, least: before, best };
  } else learned.restore(state);
  let last = state.least;
  for (let step = state.steps; step < taught.steps; step++) {
    options.signal?.throwIfAborted();
    const loss = student.learn(taught.windows[step % windows.length], learned);
    learned.update(taught.steps);
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
  if (!(least < before)) return { params, before, after: before, steps };
  learned.values.set(best);
  const made = learnedGrids(config, grids, student.constants, learned);
  return { params: { ...params, grids: made }, before, after: least, steps };
}

/** Windows in pieces of one length. */
function pieces({ windows, validation, tokens: wanted }: LearnTextOptions) {
  const longest = [...windows, ...validation].reduce(
    (most, { length }) => Math.max(most, length),
    0,
  );
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
  { state, steps: wanted, budgetMs, signal, onProgress }: LearnTextOptions,
  windows: readonly Int32Array[],
  validation: readonly Int32Array[],
  student: Student,
  learned: Trainables,
): Promise<Taught> {
  using lessons = await Lessons.open(source, student.tokens);
  const start = performance.now();
  const checks: TaughtWindow[] = [];
  for (const [i, ids] of validation.entries()) {
    signal?.throwIfAborted();
    checks.push(lessons.teach(ids, windows.length + i));
    await nextTurn();
  }
  let steps = state?.of ?? wanted ?? windows.length;
  if (state === undefined && budgetMs !== undefined) {
    const lesson = (performance.now() - start) / validation.length;
    const begin = performance.now();
    student.learn(checks[0], learned);
    learned.gradient.fill(0);
    const step = performance.now() - begin;
    // A validation is a third of as many steps, at first and every so often.
    const check = checks.length * step / 3;
    const left = budgetMs - (performance.now() - start) - 2 * check;
    steps = Math.max(0, Math.min(steps, Math.floor(left / (lesson + step + check / VALIDATE))));
  }
  const order = shuffle(windows.length, 0, ORDER, 0);
  const taught = new Map<number, TaughtWindow>();
  const first = state?.steps ?? 0;
  const last = Math.min(steps, first + windows.length);
  for (let step = first; step < last; step++) {
    signal?.throwIfAborted();
    const place = step % windows.length;
    taught.set(place, lessons.teach(windows[order[place]], order[place]));
    onProgress?.({ part: "teacher", done: step + 1, of: last });
    await nextTurn();
  }
  const all = Array.from({ length: windows.length }, (_, place) => taught.get(place)!);
  return { windows: all, validation: checks, steps };
}
