/** `fewbit quantize` of a sentence encoder. */
import { FewbitError } from "../errors.ts";
import { withFileErrors } from "../files/file_error.ts";
import { realPath } from "../files/file_system.ts";
import { encodeProgram } from "../program/encode.ts";
import { readEncoderFolder } from "../checkpoints/encoder_folder.ts";
import { quantizeEncoder } from "../compile/encoder_folder.ts";
import type { EncoderQuantization } from "../quantize/bert.ts";
import { formatBytes } from "../format_bytes.ts";
import { readLines } from "./_lines.ts";
import { note, print, printJson } from "./_print.ts";
import { progressLine, writeWhole } from "./_run.ts";

/** What to quantise, how, and where to write it. */
export interface QuantizeEncoderArguments {
  readonly folder: string;
  readonly output: string;
  readonly quantization: EncoderQuantization;
  /** File with a text in each line. */
  readonly calibration: string | undefined;
  /** Texts to use at most. */
  readonly limit: number;
  /** One JSON object instead of a line. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Quantises a folder of sentence-transformers into one file. */
export async function quantizeEncoderFile(
  { folder, output, quantization, calibration, limit, json, signal }: QuantizeEncoderArguments,
): Promise<void> {
  const texts = calibration === undefined ? undefined : await calibrationTexts(calibration, limit);
  const progress = progressLine();
  const start = performance.now();
  progress.update("reading weights");
  const program = await quantizeEncoder(await readEncoderFolder(folder), {
    ...quantization,
    name: await nameOf(folder),
    signal,
    ...texts && { texts },
    onProgress: (done) => progress.update(`calibrating: ${Math.floor(done)} of ${texts?.length}`),
    onWarning: (message) => note(`fewbit: ${message}`),
  }).finally(() => progress.end());
  const bytes = await encodeProgram(program);
  signal.throwIfAborted();
  await writeWhole(output, bytes, signal);
  const seconds = (performance.now() - start) / 1000;
  const { weightBits = 8, geluBits = 12, tableBits = 8 } = quantization;
  if (json) {
    const facts = { output, bytes: bytes.length, weightBits, geluBits, tableBits, seconds };
    return printJson({ ...facts, ...texts && { texts: texts.length } });
  }
  const how = texts ? `calibrated on ${texts.length} texts` : "with the scales that ship";
  const bits = `weights ${weightBits}, GELU ${geluBits}, token table ${tableBits} bits`;
  print(`${output}: ${formatBytes(bytes.length)}, ${bits}, ${how}, in ${seconds.toFixed(1)} s`);
}

async function calibrationTexts(path: string, limit: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const line of readLines(path)) {
    if (line.trim() !== "") texts.push(line);
    if (texts.length === limit) break;
  }
  if (texts.length > 0) return texts;
  throw new FewbitError("invalid_argument", `Cannot calibrate: ${path} has no text`);
}

async function nameOf(folder: string): Promise<string> {
  const path = await withFileErrors(`Cannot read ${folder}`, () => realPath(folder));
  return path.split(/[\\/]/).at(-1) || "encoder";
}
