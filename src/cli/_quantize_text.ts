/** `fewbit quantize` of a language model. */
import { defaultPrefix } from "../compile/integer_text.ts";
import {
  calibrateTextModel,
  compareIntegerText,
  compileIntegerText,
  parametersOfRanges,
} from "../compile/integer_text.ts";
import { openTextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { FewbitError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { formatBytes } from "../format_bytes.ts";
import { llamaConfig, parametersOf } from "../models/llama_config.ts";
import { encodeProgram } from "../program/encode.ts";
import type { LogitComparison } from "../quantize/compare_logits.ts";
import { NO_SHRINKING, ROOT, SHRINKINGS } from "../quantize/decoder_calibrate.ts";
import { readDecoderParams, writeDecoderParams } from "../quantize/decoder_params.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import { hasRotation } from "../numeric/hadamard.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { readAll } from "./_lines.ts";
import { note, print, printJson } from "./_print.ts";
import { progressLine, writeWhole } from "./_run.ts";

/** What to quantise, how, and where to write it. */
export interface QuantizeTextArguments {
  readonly model: string;
  readonly output: string;
  readonly bits: LanguageBits;
  /** A text, or `.json` with a list of windows of ids. */
  readonly calibration: string | undefined;
  /** Parameters: written where there is a calibration, else read. */
  readonly params: string | undefined;
  /** Ids of the prefix, with commas. */
  readonly prefix: string | undefined;
  /** Windows to calibrate on. */
  readonly windows: number;
  /** Tokens of a window, the prefix included. */
  readonly length: number;
  /** Windows to measure the result on; none are those of calibration. */
  readonly check: number;
  /** Whether to rotate; `auto` tries both where the width has a rotation. */
  readonly rotate: "auto" | "yes" | "no";
  readonly vocabulary: string | undefined;
  /** One JSON object instead of lines. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Windows on which smoothing is chosen. */
const VALIDATION = 2;
/** Longest text: less than the longest string of a host. */
const MAX_TEXT_BYTES = 2 ** 28;
/** Multiply-accumulates a second on which the plan counts; what hosts reach, with all around it. */
const RATE = 4e9;

/** Windows of ids, without a prefix, for each purpose. */
interface Windows {
  readonly calibration: readonly (readonly number[])[];
  readonly validation: readonly (readonly number[])[];
  readonly check: readonly (readonly number[])[];
}

/** Quantises a Llama into one file. */
export async function quantizeTextFile(given: QuantizeTextArguments): Promise<void> {
  const { model, output, bits, vocabulary, signal } = given;
  const start = performance.now();
  const checkpoint = await openTextCheckpoint(
    model,
    vocabulary === undefined ? {} : { vocabulary },
  );
  const { params, windows } = given.calibration === undefined
    ? { params: await readParams(given.params), windows: undefined }
    : await calibrated(given, checkpoint, given.calibration);
  note("quantising");
  const program = compileIntegerText(checkpoint, params, { bits });
  const bytes = await encodeProgram(program);
  await writeWhole(output, bytes, signal);
  if (given.calibration !== undefined && given.params !== undefined) {
    await writeWhole(given.params, new TextEncoder().encode(writeDecoderParams(params)), signal);
  }
  const seconds = (performance.now() - start) / 1000;
  const written = { output, bytes: bytes.length, bits, seconds };
  if (!given.json) {
    print(`${output}: ${formatBytes(bytes.length)}, ${bits}, in ${seconds.toFixed(1)} s`);
  }
  const check = windows?.check ?? [];
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
    (done) => progress.update(`measuring: ${done} of ${check.length} windows`),
  ).finally(() => progress.end());
  if (given.json) printJson({ ...written, check: { windows: check.length, ...result } });
  else print(`${check.length} windows that calibration did not see: ${measured(result)}`);
}

async function readParams(path: string | undefined): Promise<DecoderParams> {
  if (path === undefined) {
    throw new FewbitError(
      "invalid_argument",
      "Cannot quantise a language model: give a text with --calibration, or --params",
    );
  }
  return readDecoderParams(await readAll(path, MAX_TEXT_BYTES));
}

async function calibrated(
  given: QuantizeTextArguments,
  checkpoint: TextCheckpoint,
  file: string,
): Promise<{ readonly params: DecoderParams; readonly windows: Windows }> {
  const { bits, signal } = given;
  const config = llamaConfig(checkpoint.config);
  const prefix = given.prefix === undefined ? defaultPrefix(checkpoint) : idsOf(given.prefix);
  const length = Math.min(given.length, config.context) - prefix.length;
  const windows = chooseWindows(await readWindows(checkpoint, file, length), prefix, given);
  const { calibration, validation, check } = windows;
  const count = parametersOf(config);
  const tokens = (list: Windows["check"]) => list.reduce((sum, { length }) => sum + length, 0);
  const rotations = rotationsOf(given.rotate, config.width, validation.length > 0);
  const tried = tokens(calibration) + 2 * SHRINKINGS.length * tokens(validation);
  const macs = count * (rotations.length * tried + 2 * tokens(check));
  note(
    `plan: ${calibration.length} windows (${tokens(calibration)} tokens) to calibrate on, ` +
      `${validation.length} to choose the smoothing by, ${check.length} to measure; ` +
      `about ${Math.ceil(macs / RATE / 60)} min, ${formatBytes(5 * count)} of memory`,
  );
  let best: { readonly params: DecoderParams; readonly divergence: number } | undefined;
  for (const rotate of rotations) {
    const progress = progressLine();
    const ranges = await calibrateTextModel(checkpoint, calibration, {
      prefix,
      rotate,
      signal,
      onProgress: (done) =>
        progress.update(`calibrating: ${done} of ${calibration.length} windows`),
    }).finally(() => progress.end());
    for (const down of validation.length === 0 ? [ROOT] : SHRINKINGS) {
      signal.throwIfAborted();
      // A rotation spreads what is large: the norms need no smoothing then.
      const norms = rotate ? NO_SHRINKING : ROOT;
      const params = parametersOfRanges(checkpoint, ranges, calibration, { norms, down });
      if (validation.length === 0) return { params, windows };
      const program = compileIntegerText(checkpoint, params, { bits });
      const { divergence } = await compareIntegerText(checkpoint, program, prefix, validation);
      note(
        `${rotate ? "rotated, " : ""}smoothing ${down.quantile}^${down.power}: ` +
          `KL ${divergence.toFixed(4)}`,
      );
      if (best === undefined || divergence < best.divergence) best = { params, divergence };
    }
  }
  return { params: best!.params, windows };
}

/** Networks that are tried: as it is, rotated. */
function rotationsOf(
  rotate: QuantizeTextArguments["rotate"],
  width: number,
  canChoose: boolean,
): readonly boolean[] {
  if (rotate !== "auto") return [rotate === "yes"];
  return canChoose && hasRotation(width) ? [false, true] : [false];
}

/** Windows of a text, or those of a JSON file, at most `length` ids each. */
async function readWindows(
  { tokenizer, tokenizerConfig }: TextCheckpoint,
  file: string,
  length: number,
): Promise<number[][]> {
  const text = await readAll(file, MAX_TEXT_BYTES);
  if (/\.json$/i.test(file)) {
    const ids = parseJson(`Cannot calibrate on ${file}`, text);
    const isWindow = (ids: unknown): ids is number[] =>
      Array.isArray(ids) && ids.length > 1 && ids.every((id) => Number.isInteger(id) && id >= 0);
    if (Array.isArray(ids) && ids.every(isWindow)) return ids.map((w) => w.slice(0, length));
    throw new FewbitError("invalid_file", `Cannot calibrate: ${file} is no list of lists of ids`);
  }
  if (tokenizer === undefined) {
    throw new FewbitError(
      "unsupported",
      "Cannot calibrate on a text: the checkpoint has no tokenizer; give windows of ids as JSON",
    );
  }
  const own = Tokenizer.fromJson(tokenizer, tokenizerConfig ?? {});
  const { ids } = own.encode(text, { addSpecialTokens: false });
  const count = Math.floor(ids.length / length);
  return Array.from(
    { length: count },
    (_, w) => Array.from(ids.slice(w * length, (w + 1) * length)),
  );
}

/** Windows from all over the text; what measures is not what calibrates. */
function chooseWindows(
  all: readonly number[][],
  prefix: readonly number[],
  { windows, check }: QuantizeTextArguments,
): Windows {
  // A window may begin with the prefix, which is read anyway.
  const own = all.map((ids) =>
    prefix.every((id, i) => ids[i] === id) ? ids.slice(prefix.length) : ids
  );
  const wanted = windows + VALIDATION + check;
  const used = Math.min(wanted, own.length);
  const picked = Array.from(
    { length: used },
    (_, i) => own[Math.floor(i * own.length / used)],
  );
  const rest = used < wanted ? Math.max(0, used - Math.max(1, used >> 1)) : VALIDATION + check;
  const validation = Math.min(VALIDATION, rest);
  if (used === 0) {
    throw new FewbitError("invalid_argument", "Cannot calibrate: the text has no whole window");
  }
  return {
    calibration: picked.slice(0, used - rest),
    validation: picked.slice(used - rest, used - rest + validation),
    check: picked.slice(used - rest + validation),
  };
}

function idsOf(text: string): number[] {
  const ids = text.split(",").map(Number);
  if (text !== "" && ids.every((id) => Number.isInteger(id) && id >= 0)) return ids;
  throw new FewbitError("invalid_argument", `Option --prefix is "${text}", expected ids`);
}

function measured({ loss, floatLoss, divergence, tokens }: LogitComparison): string {
  const [own, float] = [Math.exp(loss), Math.exp(floatLoss)];
  const excess = 100 * Math.expm1(loss - floatLoss);
  return `perplexity ${own.toFixed(3)}, float32 ${float.toFixed(3)} (${
    excess.toFixed(2)
  } % more), ` +
    `KL ${divergence.toFixed(4)} nats, ${tokens} tokens`;
}
