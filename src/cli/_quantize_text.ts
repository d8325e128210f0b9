/** `fewbit quantize` of a language model. */
import {
  compareIntegerText,
  compileIntegerText,
  defaultPrefix,
  roundIntegerText,
} from "../compile/integer_text.ts";
import { readLearningState } from "../compile/end_to_end/learning_state.ts";
import { openTextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { withLora } from "../checkpoints/lora_folder.ts";
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { FewbitError } from "../errors.ts";
import { withFileLock } from "../files/file_lock.ts";
import { readFolder } from "../files/file_system.ts";
import { named } from "../files/named.ts";
import { formatBytes } from "../format_bytes.ts";
import { llamaConfig, parametersOf } from "../models/llama_config.ts";
import { encodeProgram } from "../program/encode.ts";
import type { CompiledProgram } from "../program/program.ts";
import type { LogitComparison } from "../quantize/compare_logits.ts";
import type { CalibrationThread } from "../quantize/calibration_thread.ts";
import { checkWindows } from "../quantize/check_windows.ts";
import { readDecoderParams, writeDecoderParams } from "../quantize/decoder_params.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import type { RoundedBlock } from "../quantize/decoder_rounding.ts";
import type { SiteSet } from "../quantize/paper_sites.ts";
import { readRounded, writeRounded } from "../quantize/rounded_weights.ts";
import type { RoundedWeight } from "../quantize/rounded_weights.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { BegunThreads } from "./_calibration_threads.ts";
import { chooseParameters, downBitsOf, rotationsOf, shrinkingsOf } from "./_choose_parameters.ts";
import type { Choice } from "./_choose_parameters.ts";
import { learnStage } from "./_learn_stage.ts";
import type { Stage } from "./_learn_stage.ts";
import { readParamsOf, writeParamsFile } from "./_params_file.ts";
import { PartialWork } from "./_partial.ts";
import { note, print, printJson } from "./_print.ts";
import { progressLine, writeWhole } from "./_run.ts";
import { beginStage } from "./_stage_report.ts";
import { chooseWindows, idsOf, readWindowsOf, SHORTEST } from "./_text_windows.ts";
import { workKey } from "./_work_key.ts";

/** What to quantise, how, and where to write it. */
export interface QuantizeTextArguments {
  readonly model: string;
  readonly output: string;
  readonly bits: LanguageBits;
  readonly method: Choice["method"];
  /** Bits of what the last layer of an MLP reads. Default: what pays. */
  readonly down?: string | undefined;
  /** A text, or `.json` with a list of windows of ids. */
  readonly calibration: string | undefined;
  /** Parameters: written where there is a calibration, else read. */
  readonly params: string | undefined;
  /** Ids of the prefix, with commas. */
  readonly prefix: string | undefined;
  /** Default: those of the engine. */
  readonly sites?: SiteSet;
  /** Windows to calibrate on. */
  readonly windows: number;
  /** Tokens of a window, the prefix included. */
  readonly length: number;
  /** Windows to measure the result on; none are those of calibration. */
  readonly check: number;
  /** Whether to rotate; `auto` tries both where the width has a rotation. */
  readonly rotate: "auto" | "yes" | "no";
  readonly vocabulary: string | undefined;
  /** A folder of adapters that are merged into the weights. */
  readonly lora?: string;
  /** What is done, in this order. Default: what has a closed form. */
  readonly stages?: readonly Stage[];
  /** Milliseconds that learning may take. Default: each window once. */
  readonly budgetMs?: number;
  /** Threads that calibrate, this one included. Default: 1. */
  readonly workers?: number;
  /** One JSON object instead of lines. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Multiply-accumulates a second on which the plan counts; what hosts reach, with all around it. */
const RATE = 4e9;

/** Quantises a Llama into one file. */
export async function quantizeTextFile(given: QuantizeTextArguments): Promise<void> {
  const { model, output, bits, vocabulary, signal } = given;
  const start = performance.now();
  const opened = await openTextCheckpoint(model, vocabulary === undefined ? {} : { vocabulary });
  const checkpoint = given.lora === undefined ? opened : await withLora(opened, given.lora);
  const calibrates = given.calibration !== undefined || bits !== "w8a8";
  using workers = await BegunThreads.calibrating(calibrates ? (given.workers ?? 1) - 1 : 0);
  const { threads } = workers;
  const choice = given.calibration === undefined
    ? undefined
    : await choiceOf(given, checkpoint, given.calibration, threads);
  const known = choice === undefined ? await readParamsOf(checkpoint, given) : undefined;
  const isRounded = bits !== "w8a8" &&
    (known === undefined ? given.method === "closed-form" : known.ranges !== undefined);
  const rounding = isRounded ? (choice?.windows.calibration ?? known!.windows) : [];
  const learns = choice !== undefined && given.stages?.includes("end-to-end") === true;
  plan(checkpoint, choice, rounding, threads.length + 1, learns ? given.budgetMs : undefined);
  const key = await workKey(checkpoint, given, choice ?? known);
  // Runs for one output have one folder of work.
  const { params, program, bytes } = await withFileLock(`${output}.partial`, async () => {
    const work = await PartialWork.open(output, key, signal);
    const making = { checkpoint, choice, known, isRounded, learns, workers, work };
    const made = await make(given, making).catch(async (error) => {
      await removeUnused(work, output).catch(() => {});
      throw error;
    });
    if (choice !== undefined && given.params !== undefined) {
      await writeParamsFile(given.params, made.params, signal);
    }
    await work.remove();
    return made;
  }, {
    signal,
    onWait: (owner) => note(`waiting for another fewbit that makes ${output}: ${owner}`),
  });
  const seconds = (performance.now() - start) / 1000;
  const written = { output, bytes, bits, seconds };
  if (!given.json) {
    print(`${output}: ${formatBytes(bytes)}, ${bits}, in ${seconds.toFixed(1)} s`);
  }
  const check = choice?.windows.check ?? [];
  if (check.length === 0) {
    if (given.json) printJson(written);
    return;
  }
  const progress = progressLine();
  const result = await compareIntegerText(
    checkpoint,
    program,
    params.grids.prefix.ids,
    check,
    (done) => {
      signal.throwIfAborted();
      progress.update(`measuring: ${done} of ${check.length} windows`);
    },
  ).finally(() => progress.end());
  if (given.json) printJson({ ...written, check: { windows: check.length, ...result } });
  else print(`${check.length} windows that calibration did not see: ${measured(result)}`);
}

/** What the file is made of. */
interface Making {
  readonly checkpoint: TextCheckpoint;
  /** What is to be found, or else the parameters. */
  readonly choice: Choice | undefined;
  readonly known: DecoderParams | undefined;
  readonly isRounded: boolean;
  readonly learns: boolean;
  readonly workers: BegunThreads<CalibrationThread>;
  readonly work: PartialWork;
}

/** Carries out the stages, and writes the file. */
async function make(
  given: QuantizeTextArguments,
  { checkpoint, choice, known, isRounded, learns, workers, work }: Making,
): Promise<{
  readonly params: DecoderParams;
  readonly program: CompiledProgram;
  readonly bytes: number;
}> {
  const { bits, output, signal } = given;
  const doneChoosing = beginStage("closed form: parameters");
  let params = known ?? await chosen(checkpoint, choice!, work, output);
  if (known === undefined) doneChoosing();
  let rounded: RoundedBlock | undefined;
  if (isRounded) {
    const done = beginStage("closed form: weights");
    rounded = await roundedWeights(checkpoint, params, bits as RoundedBits, work, {
      threads: workers.threads,
      output,
      signal,
    });
    done();
    params = { ...params, ranges: new Map([...rounded].map(([n, { ranges }]) => [n, ranges])) };
  }
  // What they have in memory is not needed any more.
  workers[Symbol.dispose]();
  if (learns && choice !== undefined) {
    const { windows } = choice;
    const { budgetMs, workers: wanted = 1 } = given;
    // Before anything is begun.
    const learned = await work.read("learned.json");
    if (learned !== undefined) readPart(output, "learned.json", () => readLearningState(learned));
    params = await learnStage({
      ...{ checkpoint, params, bits, rounded, windows, budgetMs, workers: wanted, work, signal },
    });
  }
  note("writing");
  const compiled = () =>
    compileIntegerText(checkpoint, params, { bits, ...rounded && { rounded } });
  // What is too large for integers is so by the file of parameters, where there is one.
  const program = known === undefined ? compiled() : await named(given.params!, compiled);
  const bytes = await encodeProgram(program);
  await writeWhole(output, bytes, signal);
  return { params, program, bytes: bytes.length };
}

/** Removes the folder of work that holds nothing but its key. */
async function removeUnused(work: PartialWork, output: string): Promise<void> {
  if ((await readFolder(`${output}.partial`)).length === 1) await work.remove();
}

/** What a stopped run kept; of a damaged file the name is said, and what to do. */
function readPart<T>(output: string, name: string, read: () => T): T {
  const folder = `${output}.partial`;
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof FewbitError ? cause.message : "it is damaged";
    throw new FewbitError(
      "invalid_file",
      `${folder}/${name}: ${why}; remove the folder ${folder} to begin again`,
      { cause },
    );
  }
}

/** Bits of weights that are rounded by what they multiply. */
type RoundedBits = Exclude<LanguageBits, "w8a8">;

async function choiceOf(
  given: QuantizeTextArguments,
  checkpoint: TextCheckpoint,
  file: string,
  threads: readonly CalibrationThread[],
): Promise<Choice> {
  const { method, bits, signal } = given;
  const config = llamaConfig(checkpoint.config);
  const prefix = given.prefix === undefined ? defaultPrefix(checkpoint) : idsOf(given.prefix);
  const most = Math.min(given.length, config.context);
  const unknown = prefix.find((id) => id >= config.vocabularySize);
  if (unknown !== undefined) {
    throw new FewbitError(
      "invalid_argument",
      `${given.prefix === undefined ? "What begins a text" : "Option --prefix"} has the id ` +
        `${unknown}, the model has ${config.vocabularySize} pieces`,
    );
  }
  const length = most - prefix.length;
  if (length < SHORTEST) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot calibrate: a window of ${most} (--length) has no room for ${SHORTEST} ids ` +
        `behind a prefix of ${prefix.length}`,
    );
  }
  const all = await named(file, async () => {
    const windows = await readWindowsOf(checkpoint, file, length);
    checkWindows(config, prefix.length, windows);
    return windows;
  });
  const windows = chooseWindows(all, prefix, given);
  const { sites = "default" } = given;
  const rotations = rotationsOf({ method, bits, sites, windows }, given.rotate, config.width);
  const down = downBitsOf(given.down, { method, bits, sites });
  return { method, bits, down, sites, prefix, windows, rotations, threads, signal };
}

/** Says what will be done before it is. */
function plan(
  { config }: TextCheckpoint,
  choice: Choice | undefined,
  rounding: DecoderParams["windows"],
  threads: number,
  learningMs: number | undefined,
): void {
  const sizes = llamaConfig(config);
  const count = parametersOf(sizes);
  const tokens = (list: DecoderParams["windows"]) =>
    list.reduce((sum, { length }) => sum + length, 0);
  let macs = 0;
  const parts: string[] = [];
  if (choice !== undefined) {
    const { windows: { calibration, validation, check }, rotations } = choice;
    const choices = rotations.length * shrinkingsOf(choice).length;
    const tries = choices > 1 ? 2 * choices * tokens(validation) : 0;
    macs += count * (rotations.length * tokens(calibration) + tries + 2 * tokens(check));
    parts.push(
      `${calibration.length} windows (${tokens(calibration)} tokens) to calibrate on, ` +
        `${choices > 1 ? `${validation.length} to choose by, ` : ""}${check.length} to measure`,
    );
  }
  if (rounding.length > 0) {
    const { depth, width, hidden } = sizes;
    // The network, half of the products of columns, and L of them.
    const squares = 3 * width ** 2 + hidden ** 2;
    macs += tokens(rounding) * (count + depth * squares / 2) + 5 * depth * squares * width;
    parts.push(`${rounding.length} windows to round the weights by`);
  }
  if (parts.length === 0) return;
  note(
    `plan: ${parts.join("; ")}; about ${Math.ceil(macs / RATE / 60)} min, ` +
      `${formatBytes(5 * count)} of memory, ${threads} thread${threads > 1 ? "s" : ""}` +
      (learningMs === undefined
        ? ""
        : `; then learning, at most ${formatMinutes(learningMs)} (--stages closed-form: none)`),
  );
}

function formatMinutes(ms: number): string {
  return ms < 60e3 ? `${Math.ceil(ms / 1e3)} s` : `${Math.ceil(ms / 60e3)} min`;
}

/** Parameters that were chosen before, or are now. */
async function chosen(
  checkpoint: TextCheckpoint,
  choice: Choice,
  work: PartialWork,
  output: string,
): Promise<DecoderParams> {
  const before = await work.read("params.json");
  if (before !== undefined) {
    note("parameters were chosen before");
    return readPart(output, "params.json", () => readDecoderParams(before));
  }
  const params = await chooseParameters(checkpoint, choice);
  await work.write("params.json", writeDecoderParams(params));
  return params;
}

/** Weights by GPTQ: blocks that were rounded before, and the others. */
async function roundedWeights(
  checkpoint: TextCheckpoint,
  params: DecoderParams,
  bits: RoundedBits,
  work: PartialWork,
  { output, ...common }: {
    readonly threads: readonly CalibrationThread[];
    readonly output: string;
    readonly signal: AbortSignal;
  },
): Promise<RoundedBlock> {
  const all = new Map<string, RoundedWeight>();
  let first = 0;
  for (let text; (text = await work.read(`${first}.json`)) !== undefined; first++) {
    const block = readPart(output, `${first}.json`, () => readRounded(text));
    for (const [name, weight] of block) all.set(name, weight);
  }
  if (first > 0) note(`${first} blocks were rounded before`);
  const { depth } = llamaConfig(checkpoint.config);
  if (first === depth) return all;
  const progress = progressLine();
  const blocks = roundIntegerText(checkpoint, params, {
    ...common,
    bits,
    first,
    onProgress: (layer, windows) =>
      progress.update(
        `rounding: block ${layer + 1} of ${depth}, ${windows} of ${params.windows.length} windows`,
      ),
  });
  try {
    for await (const block of blocks) {
      for (const [name, weight] of block) all.set(name, weight);
      await work.write(`${first++}.json`, writeRounded(block));
    }
  } finally {
    progress.end();
  }
  return all;
}

/** What the check says, for people. */
export function measured({ loss, floatLoss, divergence, tokens }: LogitComparison): string {
  const [own, float] = [Math.exp(loss), Math.exp(floatLoss)];
  const excess = 100 * Math.expm1(loss - floatLoss);
  return `perplexity ${own.toFixed(3)}, float32 ${float.toFixed(3)} (${
    Math.abs(excess).toFixed(2)
  } % ${excess < 0 ? "less" : "more"}), ` +
    `KL ${divergence.toFixed(4)} nats, ${tokens} tokens`;
}
