/** Parameters of an integer language model: what calibration finds, and what is chosen by KL. */
import {
  calibrateTextModel,
  compileIntegerText,
  parametersOfRanges,
  smoothQuantText,
} from "../compile/integer_text.ts";
import { TextComparison } from "../compile/compare_text.ts";
import type { TextCheckpoint } from "../checkpoints/text_checkpoint.ts";
import { llamaConfig } from "../models/llama_config.ts";
import { hasRotation } from "../numeric/hadamard.ts";
import type { CalibrationThread } from "../quantize/calibration_thread.ts";
import { FEW, NO_SHRINKING, ROOT, SHRINKINGS } from "../quantize/decoder_calibrate.ts";
import type { Shrinking } from "../quantize/decoder_calibrate.ts";
import type { DownBits } from "../quantize/decoder_grids.ts";
import type { DecoderParams } from "../quantize/decoder_params.ts";
import type { DecoderRanges } from "../quantize/decoder_ranges.ts";
import type { LanguageBits } from "../quantize/shifted_weights.ts";
import type { SiteSet } from "../quantize/paper_sites.ts";
import { note } from "./_print.ts";
import { choice, progressLine } from "./_run.ts";
import type { Windows } from "./_text_windows.ts";

/** How a language model is quantised; the first is the best. */
export const METHODS = ["closed-form", "smoothquant-edge", "rtn"] as const;

/** What is to be found. */
export interface Choice {
  readonly method: typeof METHODS[number];
  readonly bits: LanguageBits;
  /** Bits of what the last layer of an MLP reads. */
  readonly down: DownBits;
  /** Which values are on grids: those that the engine needs, or the paper's. */
  readonly sites: SiteSet;
  readonly prefix: readonly number[];
  readonly windows: Windows;
  /** Networks to try: as it is, rotated. */
  readonly rotations: readonly boolean[];
  /** Threads beside this one. */
  readonly threads: readonly CalibrationThread[];
  readonly signal: AbortSignal;
}

/**
 * Bits of an option, or what pays: 12 with weights of 8 bits, whose layer takes them as it takes 8, and whose error would
 * be the largest of all (bench/SMOLLM2.md). With weights of 4 bits they cost a second product.
 */
export function downBitsOf(
  text: string | undefined,
  { method, bits, sites }: Pick<Choice, "method" | "bits" | "sites">,
): DownBits {
  if (text === undefined) {
    return method === "closed-form" && bits === "w8a8" && sites === "default" ? 12 : 8;
  }
  return choice("down", text, ["8", "12"] as const) === "12" ? 12 : 8;
}

/** Networks that are tried. */
export function rotationsOf(
  { method, bits, sites, windows }: Pick<Choice, "method" | "bits" | "sites" | "windows">,
  rotate: "auto" | "yes" | "no",
  width: number,
): readonly boolean[] {
  if (rotate !== "auto") return [rotate === "yes"];
  const canChoose = method === "closed-form" && sites === "default" && bits !== "w4a8" &&
    windows.validation.length > 0;
  return canChoose && hasRotation(width) ? [false, true] : [false];
}

/**
 * What is tried for each network. Where a row of 4-bit weights has one scale, the nearest codes, by which is chosen,
 * are too far from those of GPTQ to say which is better (bench/SMOLLM2.md).
 */
export function shrinkingsOf(
  { method, bits, windows }: Pick<Choice, "method" | "bits" | "windows">,
): readonly Shrinking[] {
  if (method !== "closed-form") return [NO_SHRINKING];
  if (bits === "w4a8") return [FEW];
  return windows.validation.length === 0 ? [ROOT] : SHRINKINGS;
}

/** What is done to norms: a rotation spreads what is large, and GPTQ of one scale a row is better without. */
function normsOf({ method, bits }: Choice, rotate: boolean): Shrinking {
  return rotate || method === "rtn" || bits === "w4a8" ? NO_SHRINKING : ROOT;
}

/** Calibrates, and takes what has the least KL on the windows for that. */
export async function chooseParameters(
  checkpoint: TextCheckpoint,
  choice: Choice,
): Promise<DecoderParams> {
  const { method, bits, prefix, rotations, signal } = choice;
  const { calibration, validation } = choice.windows;
  const shrinkings = shrinkingsOf(choice);
  const isOnly = rotations.length * shrinkings.length === 1;
  using comparison = isOnly
    ? undefined
    : await TextComparison.of(checkpoint, prefix, validation, true);
  let best: { readonly params: DecoderParams; readonly divergence: number } | undefined;
  for (const rotate of rotations) {
    const ranges = await calibrated(checkpoint, choice, rotate);
    for (const down of shrinkings) {
      signal.throwIfAborted();
      const smoothing = method === "smoothquant-edge"
        ? smoothQuantText(checkpoint, ranges)
        : { norms: normsOf(choice, rotate), down };
      const params = parametersOfRanges(checkpoint, ranges, calibration, smoothing, choice);
      if (comparison === undefined) return params;
      const program = compileIntegerText(checkpoint, params, { bits });
      const { divergence } = await comparison.compare(program, () => signal.throwIfAborted());
      note(
        `${rotate ? "rotated, " : ""}smoothing ${down.quantile}^${down.power}: ` +
          `KL ${divergence.toFixed(4)}`,
      );
      if (best === undefined || divergence < best.divergence) best = { params, divergence };
    }
  }
  return best!.params;
}

async function calibrated(
  checkpoint: TextCheckpoint,
  { prefix, windows: { calibration }, threads, signal }: Choice,
  rotate: boolean,
): Promise<DecoderRanges> {
  const progress = progressLine();
  const { depth } = llamaConfig(checkpoint.config);
  const update = (layer: number, done: number): void =>
    progress.update(
      `calibrating: block ${layer + 1} of ${depth}, ${done} of ${calibration.length} windows`,
    );
  return await calibrateTextModel(checkpoint, calibration, {
    prefix,
    rotate,
    threads,
    signal,
    onProgress: update,
  }).finally(() => progress.end());
}
