/** Training epoch by epoch, with what a user sees of it. */
import { checkOutputs } from "../files/check_output.ts";
import type { Output } from "../files/check_output.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { formatBytes } from "../format_bytes.ts";
import type { Trainer } from "../training/trainer.ts";
import type { TrainingMemory } from "../training/training_memory.ts";
import type { TrainingData } from "../training/training_data.ts";
import { print, printJson } from "./_print.ts";
import { progressLine, writeWhole } from "./_run.ts";
import { encodeTrainingFacts, restoreTrainer } from "./_training_facts.ts";
import { memoryTable } from "./_memory_table.ts";
import { leftOutNote, TrainingPace } from "./_training_pace.ts";
import { trainingCurve } from "../training/training_curve.ts";

/** Files that a training writes. */
export interface TrainingFiles {
  /** The best checkpoint. */
  readonly output: string;
  /** The last one. */
  readonly checkpoint: string;
  /** The drawing of the curve. */
  readonly curve: string;
}

/** What is evaluated, and how. */
export interface Evaluating {
  readonly heldOut: TrainingData;
  /** Whether moving averages are evaluated. */
  readonly averaged: boolean;
  /** What decides the bits, as checkpoints tell it. */
  readonly settings: object;
  readonly signal: AbortSignal;
}

/** What is trained: all of this a {@linkcode Trainer} has. */
type Trained =
  & Pick<
    Trainer,
    "steps" | "examples" | "memoryBytes" | "cursor" | "fit" | "save" | "evaluate"
  >
  & Partial<Pick<Trainer, "memory">>;

/** What is trained with, and where it goes. */
export interface TrainingRun extends TrainingFiles, Evaluating {
  readonly learned: TrainingData;
  readonly epochs: number;
  readonly steps: number;
  /** What is trained, for people. */
  readonly title: string;
  /** Accuracy of what the output holds, −1 for nothing. */
  readonly best: number;
  /** Strings in the checkpoints. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the output is of what was trained best. Default: its checkpoint. */
  readonly encode?: () => Promise<Uint8Array>;
  /** JSON objects instead of lines. */
  readonly json: boolean;
}

/** Options that name files. */
interface FileOptions {
  readonly output: string;
  readonly checkpoint?: string | undefined;
  readonly data?: string | undefined;
  readonly images?: string | undefined;
  readonly labels?: string | undefined;
  readonly testImages?: string | undefined;
  readonly testLabels?: string | undefined;
}

/**
 * The files that are written.
 *
 * @param also Other files.
 * @throws {FewbitError} Where one of them cannot be, or is read.
 */
export async function trainingFiles(
  options: FileOptions,
  also: { readonly read?: readonly string[]; readonly written?: readonly Output[] } = {},
): Promise<TrainingFiles> {
  const { output, checkpoint = `${output}.last` } = options;
  const curve = `${output.replace(/\.(safetensors|fewbit)$/, "")}.svg`;
  const { data, images, labels, testImages, testLabels } = options;
  const inputs = [data, images, labels, testImages, testLabels]
    .filter((input) => input !== undefined);
  const { read = [], written = [] } = also;
  const own: readonly Output[] = [[output], [checkpoint, "--checkpoint"], [curve]];
  await checkOutputs([...own, ...written], [...inputs, ...read]);
  return { output, checkpoint, curve };
}

/** Goes on from the last checkpoint; gives the accuracy of the best one. */
export async function resumeTraining(
  trainer: Trainer,
  { output, checkpoint }: TrainingFiles,
  { heldOut, averaged, settings, signal }: Evaluating,
): Promise<number> {
  let best = -1;
  const known = await readOptionalFile(output);
  if (known !== undefined) {
    restoreTrainer(trainer, known, { path: output, settings });
    best = (await trainer.evaluate(heldOut, { averaged, signal })).accuracy;
  }
  const last = await readFile(checkpoint);
  restoreTrainer(trainer, last, { path: checkpoint, settings });
  // Stopped between the end of an epoch and its evaluation, it is better than what is known, perhaps.
  if (trainer.cursor.batch !== 0) return best;
  const { accuracy } = await trainer.evaluate(heldOut, { averaged, signal });
  if (accuracy > best) await writeWhole(output, last, signal);
  return Math.max(best, accuracy);
}

/** Trains; what was reached is on the disk after each epoch, and after Ctrl-C. */
export async function trainEpochs(trainer: Trained, run: TrainingRun): Promise<void> {
  const { learned, heldOut, epochs, steps, output, checkpoint, json, signal } = run;
  const metadata = { ...run.metadata, ...encodeTrainingFacts(run.settings) };
  if (!json) {
    print(
      `${run.title}: ${learned.count} pictures, ${heldOut.count} held out, ${steps} steps of ` +
        `${trainer.examples}, ${formatBytes(trainer.memoryBytes)} of memory`,
    );
    for (const row of trainer.memory ? memoryTable(trainer.memory) : []) print(row);
  }
  const progress = progressLine();
  let { best } = run;
  const losses: number[] = [];
  const accuracies: { readonly step: number; readonly accuracy: number }[] = [];
  const before = trainer.steps;
  const pace = new TrainingPace(steps, epochs, trainer.cursor);
  try {
    for (let epoch = trainer.cursor.epoch; epoch < epochs; epoch++) {
      const known = losses.length;
      for await (const step of trainer.fit(learned, { epochs: epoch + 1, signal })) {
        pace.add(step);
        losses.push(step.loss);
        progress.update(
          `step ${pace.step} of ${steps}, loss ${step.loss.toFixed(4)}, ${pace.secondsLeft} s left`,
        );
      }
      progress.end();
      const { accuracy } = await trainer.evaluate(heldOut, { averaged: run.averaged, signal });
      accuracies.push({ step: trainer.steps, accuracy });
      // Of an epoch that was stopped behind its last step there is none to tell.
      const seen = losses.slice(known);
      const loss = seen.length === 0 ? undefined : seen.reduce((a, b) => a + b) / seen.length;
      const picturesPerSecond = Math.round(pace.rate * trainer.examples);
      const leftOut = pace.takeLeftOut();
      if (json) {
        const said = { epoch: epoch + 1, loss, accuracy, picturesPerSecond };
        printJson({ ...said, ...leftOut > 0 && { leftOut } });
      } else {
        const left = epoch + 1 < epochs && seen.length > 0 ? `, ${pace.secondsLeft} s left` : "";
        print(
          `epoch ${epoch + 1} of ${epochs}: loss ${loss?.toFixed(4) ?? "–"}, ${
            percent(accuracy)
          }, ${picturesPerSecond} pictures/s${left}${leftOutNote(leftOut)}`,
        );
      }
      const bytes = await trainer.save({ metadata });
      await writeWhole(checkpoint, bytes, signal);
      if (accuracy > best) await writeWhole(output, await run.encode?.() ?? bytes, signal);
      best = Math.max(best, accuracy);
      const title = `${run.title}, ${learned.count} pictures, epoch ${epoch + 1} of ${epochs}`;
      const drawing = trainingCurve({ title, losses, firstStep: before + 1, accuracies });
      await writeWhole(run.curve, new TextEncoder().encode(drawing), signal);
    }
  } catch (error) {
    // Ctrl-C comes between two steps; what was learned until then is kept.
    if (signal.aborted) await writeWhole(checkpoint, await trainer.save({ metadata }));
    throw error;
  } finally {
    progress.end();
  }
  const { seconds } = pace;
  const { memoryBytes } = trainer;
  const memory = trainer.memory && memoryOf(trainer.memory);
  if (json) printJson({ output, accuracy: best, curve: run.curve, memoryBytes, memory, seconds });
  else {
    print(
      `${output}: ${percent(best)} of ${heldOut.count}, ${seconds.toFixed(1)} s; ` +
        `the curve is ${run.curve}`,
    );
  }
}

/** What memory is taken for, in one object. */
function memoryOf({ kinds, recomputed, cost }: TrainingMemory): Record<string, unknown> {
  return { ...kinds, recomputed, cost };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
