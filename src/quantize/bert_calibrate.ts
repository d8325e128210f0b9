/** Calibration of integer BERT encoders: largest magnitudes over some texts, twice around SmoothQuant. */
import { FewbitError } from "../errors.ts";
import { inTurns } from "../event_loop.ts";
import { ENCODE, poolsParts } from "../models/bert.ts";
import type { BertConfig } from "../models/bert_config.ts";
import type { Weights } from "../models/weights.ts";
import { bertSteps, smoothedSites } from "./bert.ts";
import type { EncoderQuantization, QuantizeBertOptions } from "./bert.ts";

import { calibrateRuns } from "./calibrate.ts";
import type { CalibrateRunsOptions, CalibrationRun } from "./calibrate.ts";
import type { EncoderScales } from "./encoder_scales.ts";
import type { IntegerNetwork } from "./integer_network.ts";
import { ChannelMaximum } from "./observer.ts";
import { columnMaxima, smoothingDivisors } from "./smooth.ts";

/** SmoothQuant's α: how much of the range of activations goes to the weights. */
const ALPHA = 0.85;

/** Options of {@linkcode calibrateBert}. */
export interface CalibrateBertOptions extends Omit<CalibrateRunsOptions, "entry"> {
  /** What the network will have. */
  readonly quantization?: EncoderQuantization;
}

/**
 * Finds the scales of an encoder.
 *
 * @param config Its sizes.
 * @param weights Float tensors.
 * @param texts Token ids of each text, special tokens included.
 * @throws {FewbitError} `invalid_argument` without a text, or where one is empty or too long.
 */
export async function calibrateBert(
  config: BertConfig,
  weights: Weights,
  texts: readonly (readonly number[])[],
  options: CalibrateBertOptions,
): Promise<EncoderScales> {
  const bad = texts.findIndex(({ length }) => length === 0 || length > config.maxTokens);
  if (bad >= 0) {
    throw new FewbitError(
      "invalid_argument",
      `Cannot calibrate: text ${bad} has ${
        texts[bad].length
      } tokens, expected 1 to ${config.maxTokens}`,
    );
  }
  const runs = texts.map((ids): CalibrationRun => ({
    inputs: {
      ids: Int32Array.from(ids),
      offsets: Int32Array.of(0, ids.length),
      ...poolsParts(config) && { parts: Int32Array.of(0, 0, ids.length) },
    },
    symbols: { tokens: ids.length, sequences: 1 },
    samples: 1,
  }));
  const symbols = { max_tokens: config.maxTokens, max_sequences: 1 };
  const { quantization = {}, onProgress, ...common } = options;
  const { geluBits = 12 } = quantization;
  const pass = async (
    variant: QuantizeBertOptions,
    before: number,
  ): Promise<Pass> => {
    const observers = new Map<string, ChannelMaximum>();
    const steps = bertSteps(config, weights, { ...quantization, ...variant, single: true });
    const network = await inTurns(steps, common.signal);
    const scales = await calibrateRuns(network, runs, {
      ...common,
      entry: ENCODE,
      symbols,
      observer: (name) => {
        const observer = new ChannelMaximum();
        observers.set(name, observer);
        return observer;
      },
      ...(onProgress && { onProgress: (seen: number) => onProgress(before + seen / 2) }),
    });
    return { network, scales, observers };
  };
  // What is smoothed later is seen with all its bits first.
  const smooth = smoothing(await pass({ geluBits: 12 }, 0), smoothedSites(config, geluBits).keys());
  const { scales } = await pass({ smooth }, texts.length / 2);
  return { scales, smooth };
}

/** What one pass over the texts finds. */
interface Pass {
  readonly network: IntegerNetwork;
  readonly scales: Map<string, number>;
  readonly observers: ReadonlyMap<string, ChannelMaximum>;
}

/** Divisors of sites, from what their channels had and the weights of the layers that read them. */
function smoothing(
  { network, observers }: Pass,
  names: Iterable<string>,
): Map<string, Float32Array> {
  return new Map(
    [...names].map((name) => {
      const { maxima } = observers.get(name)!;
      const weights = network.readers.get(name) ?? [];
      // A table undoes the division where no layer reads the codes.
      return weights.length === 0
        ? [name, smoothingDivisors(maxima, maxima, 1)]
        : [name, smoothingDivisors(maxima, columnMaxima(weights, maxima.length), ALPHA)];
    }),
  );
}
