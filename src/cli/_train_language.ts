/** `fewbit train` of a language model: a text instead of pictures, a loss instead of an accuracy. */
import { readJson } from "../checkpoints/checkpoint_folder.ts";
import { readBytes } from "../checkpoints/sources.ts";
import { shippedFile } from "../checkpoints/shipped_files.ts";
import { compileTextModel } from "../compile/text.ts";
import { load } from "../engines/load.ts";
import { FewbitError } from "../errors.ts";
import { checkOutputs } from "../files/check_output.ts";
import { readFile, readOptionalFile } from "../files/read_file.ts";
import { formatBytes } from "../format_bytes.ts";
import { lazyWeights } from "../models/language_weights.ts";
import { TextGenerator } from "../pipelines/text/text_generator.ts";
import { decodeHead } from "../program/decode.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { encodeLanguageFacts, languageFiles } from "../training/language_checkpoint.ts";
import { languageLoss, languageTrainer } from "../training/language_model.ts";
import type { LanguageFamily, LanguageModel } from "../training/language_model.ts";
import { textWindows } from "../training/text_windows.ts";
import type { Trainer } from "../training/trainer.ts";
import type { TrainingData } from "../training/training_data.ts";
import type { CommandUnknownOpts } from "./_commander.ts";
import { print, printJson } from "./_print.ts";
import { memoryTable } from "./_memory_table.ts";
import { readAll } from "./_lines.ts";
import { choice, count, number, progressLine, writeWhole } from "./_run.ts";
import { MAX_TEXT_BYTES } from "./_text_windows.ts";
import { encodeTrainingFacts, restoreTrainer } from "./_training_facts.ts";
import { leftOutNote, TrainingPace } from "./_training_pace.ts";
import { memoryOf, optimizerOf, OPTIMIZERS, precisionOf, scheduleOf } from "./_training_options.ts";
import type { StepOptions } from "./_training_options.ts";

/** Options that only language models have. */
export interface LanguageOptions {
  readonly data?: string | undefined;
  readonly tokenizer?: string | undefined;
  readonly width: string;
  readonly depth: string;
  readonly hidden: string;
  readonly window: string;
}

/** Adds the options of language models. */
export function addLanguageOptions(command: CommandUnknownOpts): void {
  command
    .option("--tokenizer <json>", "Of a text (default: that of the language model that ships)")
    .option("--width <n>", "Channels of a language model", "160")
    .option("--depth <n>", "Its layers", "3")
    .option("--hidden <n>", "Channels within its MLPs", "512")
    .option("--window <n>", "Tokens of a window of text", "256");
}

/** What suits a family where nothing else is asked for; found by short runs, `bench/training/language.ts`. */
const RATES: Readonly<Record<LanguageFamily, number>> = { "hgrn-bit": 0.004, transformer: 0.002 };
/** Windows of a step where nothing is asked for. */
const WINDOWS = 4;
/** Weight decay of optimisers that keep it apart from gradients, and most that the norm of all gradients may be. */
const DECAY = 0.1, CLIP = 1;
const BETAS = [0.9, 0.95] as const;
/** The share of the characters that is learned. */
const LEARNED = 0.9;
/** Tokens of the sample after an epoch. */
const SAMPLE_TOKENS = 40;

/** A text as ids, what is learned and what is held out. */
interface Texts {
  readonly tokenizer: Readonly<Record<string, unknown>>;
  readonly vocabulary: number;
  readonly learned: Int32Array;
  readonly heldOut: Int32Array;
}

/** Trains a language model. `isGiven` says whether an option was typed. */
export async function trainLanguage(
  family: LanguageFamily,
  options: LanguageOptions & StepOptions,
  isGiven: (option: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const { output, checkpoint: last = `${output}.last`, data } = options;
  if (data === undefined) {
    throw new FewbitError("invalid_argument", `A ${family} learns a text: give it by --data`);
  }
  const inputs = [data, options.tokenizer].filter((input) => input !== undefined);
  await checkOutputs([[output], [last, "--checkpoint"]], inputs);
  const texts = await readTexts(data, options.tokenizer, signal);
  const model: LanguageModel = {
    family,
    vocabulary: texts.vocabulary,
    width: count("width", options.width, 2 ** 14),
    depth: count("depth", options.depth, 512),
    hidden: count("hidden", options.hidden, 2 ** 16),
    tokens: count("window", options.window, 2 ** 16),
    windows: isGiven("batch") ? count("batch", options.batch, 2 ** 16) : WINDOWS,
  };
  const seed = count("seed", options.seed);
  const learned = textWindows(texts.learned, model.tokens, seed);
  const heldOut = textWindows(texts.heldOut, model.tokens);
  const accumulate = count("accumulate", options.accumulate, 65_536);
  const epochs = count("epochs", options.epochs);
  const perEpoch = Math.floor(learned.count / (model.windows * accumulate));
  const steps = Math.max(1, epochs * perEpoch);
  const optimizer = choice("optimizer", options.optimizer ?? "adamw", OPTIMIZERS);
  const suits = optimizer === "adamw" || optimizer === "lion" ? DECAY : 0;
  const rate = options.rate === undefined ? RATES[family] : number("rate", options.rate);
  const training = {
    rate,
    seed,
    accumulate,
    decay: isGiven("decay") ? number("decay", options.decay) : suits,
    optimizer: optimizer === "adamw" ? { kind: optimizer, betas: BETAS } : optimizerOf(optimizer),
    ...precisionOf(options),
    schedule: scheduleOf(options.schedule, steps),
    ...clipOf(options),
    ...memoryOf(options),
  };
  using trainer = await languageTrainer(model, training);
  const settings = { ...model, ...training };
  const facts = encodeLanguageFacts({ model, tokenizer: texts.tokenizer });
  const metadata = { ...facts, ...encodeTrainingFacts(settings) };
  const best = options.resume
    ? await resume(trainer, { output, last, settings, heldOut, signal })
    : Infinity;
  if (!options.json) {
    print(
      `${family}: ${texts.learned.length} tokens, ${texts.heldOut.length} held out, ${steps} steps of ` +
        `${model.windows * accumulate} windows of ${model.tokens}, ${
          formatBytes(trainer.memoryBytes)
        } of memory`,
    );
    for (const row of memoryTable(trainer.memory)) print(row);
  }
  await learn(trainer, {
    ...options,
    last,
    metadata,
    learned,
    heldOut,
    epochs,
    steps,
    best,
    model,
    signal,
  });
}

/** Goes on from the last checkpoint; gives the loss of the best one. */
async function resume(
  trainer: Trainer,
  { output, last, settings, heldOut, signal }:
    & Pick<Learning, "output" | "last" | "heldOut" | "signal">
    & {
      readonly settings: object;
    },
): Promise<number> {
  const bytes = await readFile(last);
  let best = Infinity;
  // There is none before the first epoch has ended.
  const known = await readOptionalFile(output);
  if (known !== undefined) {
    restoreTrainer(trainer, known, { path: output, settings });
    best = await languageLoss(trainer, heldOut, signal);
  }
  restoreTrainer(trainer, bytes, { path: last, settings });
  // Stopped between the end of an epoch and its evaluation, it is better than what is known, perhaps.
  if (trainer.steps === 0 || trainer.cursor.batch !== 0) return best;
  const loss = await languageLoss(trainer, heldOut, signal);
  if (loss < best) await writeWhole(output, bytes, signal);
  return Math.min(best, loss);
}

/** Gradients that are released are clipped where that is asked for, which is refused. */
function clipOf({ clip, releaseGradients }: StepOptions): { clipNorm?: number } {
  if (clip !== undefined) return { clipNorm: number("clip", clip) };
  return releaseGradients ? {} : { clipNorm: CLIP };
}

/** What is learned, and where it goes. */
interface Learning {
  readonly output: string;
  readonly last: string;
  readonly json?: true | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly learned: TrainingData;
  readonly heldOut: TrainingData;
  readonly epochs: number;
  readonly steps: number;
  /** Loss of what the output holds. */
  readonly best: number;
  readonly model: LanguageModel;
  readonly signal: AbortSignal;
}

/** Epoch by epoch; what was reached is on the disk after each, and after Ctrl-C. */
async function learn(trainer: Trainer, run: Learning): Promise<void> {
  const { output, last, json, metadata, learned, heldOut, epochs, steps, model, signal } = run;
  let { best } = run;
  const progress = progressLine();
  const pace = new TrainingPace(steps, epochs, trainer.cursor);
  try {
    for (let epoch = trainer.cursor.epoch; epoch < epochs; epoch++) {
      const losses: number[] = [];
      for await (const step of trainer.fit(learned, { epochs: epoch + 1, signal })) {
        pace.add(step);
        losses.push(step.loss);
        progress.update(
          `step ${pace.step} of ${steps}, loss ${step.loss.toFixed(4)}, ${pace.secondsLeft} s left`,
        );
      }
      progress.end();
      const loss = losses.reduce((a, b) => a + b, 0) / Math.max(1, losses.length);
      const validation = await languageLoss(trainer, heldOut, signal);
      const bytes = await trainer.save({ metadata });
      await writeWhole(last, bytes, signal);
      if (validation < best) await writeWhole(output, bytes, signal);
      best = Math.min(best, validation);
      const sample = await sampleOf(bytes, signal);
      const tokensPerSecond = Math.round(pace.rate * trainer.examples * model.tokens);
      const leftOut = pace.takeLeftOut();
      if (json) {
        const said = { epoch: epoch + 1, loss, validation, tokensPerSecond, sample };
        printJson({ ...said, ...leftOut > 0 && { leftOut } });
      } else {
        print(
          `epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(4)}, held out ${
            validation.toFixed(4)
          }, ${tokensPerSecond} tokens/s${leftOutNote(leftOut)}: ${JSON.stringify(sample)}`,
        );
      }
    }
  } catch (error) {
    // Ctrl-C comes between two steps; what was learned until then is kept.
    if (signal.aborted) await writeWhole(last, await trainer.save({ metadata }));
    throw error;
  } finally {
    progress.end();
  }
  if (json) {
    printJson({
      output,
      validation: best,
      memoryBytes: trainer.memoryBytes,
      seconds: pace.seconds,
    });
  } else print(`${output}: held out ${best.toFixed(4)} nats a token, ${pace.seconds.toFixed(1)} s`);
}

/** What the model writes, as it would be exported. */
async function sampleOf(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
  const { weights, ...files } = languageFiles(bytes);
  const { program } = await compileTextModel(lazyWeights(weights), files, { signal });
  using lm = new TextGenerator(await load(program));
  return await lm.complete("\n", { seed: 1, maxTokens: SAMPLE_TOKENS, signal });
}

async function readTexts(
  data: string,
  given: string | undefined,
  signal: AbortSignal,
): Promise<Texts> {
  const tokenizer = given === undefined
    ? decodeHead(await readBytes(shippedFile("hgrn-bit-shakespeare.fewbit"), signal)).program
      .metadata
      .tokenizer as Record<string, unknown>
    : await readJson(given);
  if (tokenizer === undefined) {
    throw new FewbitError("not_found", `Cannot read tokenizer: there is no ${given}`);
  }
  const encoder = Tokenizer.fromJson(tokenizer);
  const text = await readAll(data, MAX_TEXT_BYTES);
  const split = Math.floor(LEARNED * text.length);
  const idsOf = (part: string): Int32Array =>
    Int32Array.from(encoder.encode(part, { addSpecialTokens: false }).ids);
  return {
    tokenizer,
    vocabulary: encoder.vocabSize,
    learned: idsOf(text.slice(0, split)),
    heldOut: idsOf(text.slice(split)),
  };
}
