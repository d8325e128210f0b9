/** The stage of `fewbit quantize` that learns a language model's constants end to end. */
import { compileIntegerText } from "../compile/integer_text.ts";
import { TextComparison } from "../compile/compare_text.ts";
import { learnIntegerText } from "../compile/end_to_end/learn_text.ts";
import { readLearningState, writeLearningState } from "../compile/end_to_end/learning_state.ts";
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { FewbitError } from "../errors.ts";
import { formatBytes } from "../format_bytes.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import type { RoundedBlock } from "../quantize/decoder_rounding.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { BegunThreads } from "./_calibration_threads.ts";
import type { Choice } from "./_choose_parameters.ts";
import type { PartialWork } from "./_partial.ts";
import { note } from "./_print.ts";
import { beginStage } from "./_stage_report.ts";
import { progressLine } from "./_run.ts";
import type { Windows } from "./_text_windows.ts";

/** Stages of a language model, in their order. */
export const STAGES = ["closed-form", "end-to-end"] as const;

/** Name of a stage. */
export type Stage = typeof STAGES[number];

/** Stages of an option, with commas. Default: all, but none that learns behind a baseline, or with the paper's sites. */
export function stagesOf(
  text: string | undefined,
  { method, sites }: Pick<Choice, "method" | "sites">,
): readonly Stage[] {
  if (text === undefined) {
    return method === "closed-form" && sites === "default" ? STAGES : [STAGES[0]];
  }
  const names = text.split(",");
  const isStage = (name: string): name is Stage => STAGES.includes(name as Stage);
  const learns = names.includes(STAGES[1]);
  if (learns && sites === "paper") {
    throw new FewbitError(
      "invalid_argument",
      "Option --stages: end-to-end learns the default sites, not those of --sites paper",
    );
  }
  if (names.every(isStage) && names[0] === STAGES[0] && new Set(names).size === names.length) {
    return names;
  }
  throw new FewbitError(
    "invalid_argument",
    `Option --stages is "${text}", expected closed-form or closed-form,end-to-end`,
  );
}

/** Milliseconds of an option such as `30m`. */
export function budgetOf(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(count) * { s: 1e3, m: 60e3, h: 3600e3 }[unit as "s"];
  if (ms > 0) return ms;
  throw new FewbitError(
    "invalid_argument",
    `Option --budget is "${text}", expected a time such as 90s, 30m or 2h`,
  );
}

/** What is learned, and by what. */
export interface LearnStage {
  readonly checkpoint: TextCheckpoint;
  readonly params: DecoderParams;
  readonly bits: LanguageBits;
  readonly rounded: RoundedBlock | undefined;
  readonly windows: Windows;
  readonly budgetMs: number | undefined;
  /** Threads, this one included: the bits do not depend on how many. */
  readonly workers: number;
  readonly work: PartialWork;
  readonly signal: AbortSignal;
}

/** Windows of a step: as many as the threads that are begun unasked. */
const BATCH = 2;

/** Where the stage keeps what it has come to. */
const STATE = "learned.json";

/** Parameters with what was learned, where that lowers the divergence of the integers; else those that were given. */
export async function learnStage(stage: LearnStage): Promise<DecoderParams> {
  const { checkpoint, params, bits, rounded, windows, budgetMs, workers, work, signal } = stage;
  const { calibration, validation, others: rest } = windows;
  if (validation.length === 0) {
    note("end to end: not done, the text has no windows to validate on");
    return params;
  }
  const progress = progressLine();
  using others = await BegunThreads.learning(Math.min(workers, BATCH) - 1);
  const { threads } = others;
  const done = beginStage("end to end");
  const before = await work.read(STATE);
  const state = before === undefined ? undefined : readLearningState(before);
  if (state !== undefined) {
    note(
      `learning goes on behind step ${state.steps} of the ${state.of} of the run that was stopped`,
    );
  }
  const { params: made, ...learned } = await learnIntegerText(checkpoint, params, {
    bits,
    ...rounded && { rounded },
    windows: [...calibration, ...rest],
    validation,
    batch: BATCH,
    threads,
    ...budgetMs !== undefined && { budgetMs },
    ...state && { state },
    onState: (state) => work.write(STATE, writeLearningState(state)),
    onProgress: ({ part, done, of, loss, validation }) =>
      progress.update(
        part === "teacher"
          ? `asking the float network: ${done} of ${of} windows`
          : `learning: step ${done} of ${of}, KL ${loss!.toFixed(4)}, validation ${
            validation!.toFixed(4)
          }`,
      ),
    signal,
  }).finally(() => progress.end());
  const { steps, memoryBytes } = learned;
  done(`${threads.length + 1} × ${formatBytes(memoryBytes)} of it programs of the student`);
  if (made === params) {
    note(`end to end: ${steps} steps did not lower KL ${learned.before.toFixed(4)}: left out`);
    return params;
  }
  // What counts is what the integers say.
  const { ids } = params.grids.prefix;
  using comparison = await TextComparison.of(checkpoint, ids, validation, true);
  const divergences: number[] = [];
  for (const each of [params, made]) {
    const program = compileIntegerText(checkpoint, each, { bits, ...rounded && { rounded } });
    const { divergence } = await comparison.compare(program, () => signal.throwIfAborted());
    divergences.push(divergence);
  }
  const [old, now] = divergences;
  const isBetter = now < old;
  note(
    `end to end: ${steps} steps, KL ${old.toFixed(4)} to ${now.toFixed(4)}${
      isBetter ? "" : ": left out"
    }`,
  );
  return isBetter ? made : params;
}
