/**
 * BERT encoders in integers only: weights of 8 bits per channel, static activations, the operators of
 * I-ViT with tabulated softmax and GELU. Beyond I-ViT: a token table with a scale for each row,
 * LayerNorms on two grids (8 bits for the layers, 16 for the residual), GELU of 12 bits, and
 * SmoothQuant, folded into the LayerNorm's requantisation and the next weights.
 *
 * @module
 */
import { atOnce } from "../event_loop.ts";
import type { Steps } from "../event_loop.ts";
import { isNode } from "../graph/op_names.ts";
import { buildBert, ENCODE } from "../models/bert.ts";
import type { BertConfig } from "../models/bert_config.ts";
import type { Weights } from "../models/weights.ts";
import { checkEpsilon } from "./integer_constants.ts";
import type { IntegerNetwork } from "./integer_network.ts";
import { quantizeParameters } from "./integer_parameters.ts";
import { integerSteps } from "./rewriter.ts";
import type { Grid, SiteOf } from "./sites.ts";

/** Which integers a network has; the defaults are the most precise. */
export interface EncoderQuantization {
  /** Bits of the weights: 8 (default), or 7, which are faster where the dot product is `seven`. */
  readonly weightBits?: 7 | 8;
  /**
   * Bits of what enters and leaves GELU: 12 (default), or 8, which are faster and less precise. Their
   * scales differ: calibrate with the same number.
   */
  readonly geluBits?: 8 | 12;
  /** Bits of the token table: 8 (default) with a scale for each row, or 4 with one for 32 columns. */
  readonly tableBits?: 4 | 8;
}

/** The site of what is pooled. */
export const LAST = "last16";

/** Options of {@linkcode quantizeBert}. */
export interface QuantizeBertOptions extends EncoderQuantization {
  /** SmoothQuant's divisors of each channel, by the name of the site; none divides nothing. */
  readonly smooth?: ReadonlyMap<string, Float32Array>;
  /**
   * One text at a time, with scores and softmax as nodes of their own: for calibration and taps. The
   * integers are the same.
   */
  readonly single?: boolean;
  /** Told what had to be changed to fit integers. */
  readonly onWarning?: (message: string) => void;
}

/** Sites that are smoothed, with their channels: behind LayerNorms, and with a GELU of 8 bits what is left. */
export function smoothedSites(config: BertConfig, geluBits: 8 | 12): Map<string, number> {
  const { depth, width, hidden } = config;
  const sites = new Map<string, number>();
  for (let i = 0; i < depth; i++) {
    const block = `encoder.layer.${i}.`;
    sites.set(`${block}in8`, width).set(`${block}mid8`, width);
    if (geluBits === 12) continue;
    sites.set(`${block}context`, width);
    sites.set(`${block}gelu_in`, hidden).set(`${block}gelu_out`, hidden);
  }
  return sites;
}

/**
 * The integer network of a BERT: inputs `ids` and `offsets`, output `sums` i32 `[sequences, width]`, with
 * scales left open.
 *
 * @param config Its sizes.
 * @param weights Float tensors under the names of Hugging Face's `BertModel`.
 */
export function quantizeBert(
  config: BertConfig,
  weights: Weights,
  options: QuantizeBertOptions = {},
): IntegerNetwork {
  return atOnce(bertSteps(config, weights, options));
}

/** As {@linkcode quantizeBert}, a step for each node. */
export function* bertSteps(
  config: BertConfig,
  weights: Weights,
  options: QuantizeBertOptions = {},
): Steps<IntegerNetwork> {
  checkEpsilon(config.epsilon, "encoder");
  const { weightBits = 8, tableBits = 8, single = false } = options;
  return yield* integerSteps(buildBert(config, weights), {
    name: "BERT",
    siteOf: bertSites(options),
    weightBits,
    parameters: quantizeParameters(options.onWarning),
    nonlinear: "table",
    output: (graph, name, { value }, _, entry) => graph.output(name, value, entry),
    text: {
      tableBits,
      maxTokens: config.maxTokens,
      scores: (context) => ({ name: context.replace(/context$/, "scores"), bits: 8 }),
      single,
    },
  }, [{ from: ENCODE, to: ENCODE }]);
}

/** The sites of an encoder, on grids for which a map has divisors. */
export function bertSites({ geluBits = 12, smooth }: QuantizeBertOptions): SiteOf {
  const site = (name: string, bits: Grid["bits"], divided = name) => {
    const divisors = smooth?.get(divided);
    return { name, bits, ...divisors && { divisors } };
  };
  return ({ name, dtype }, use, { producer }) => {
    if (dtype !== "f32" || use.kind === "output") return undefined;
    const { node: { op }, input } = use;
    if (producer === undefined) {
      return op === "AddPositions" && input === "positions" ? site("position", 16) : undefined;
    }
    if (isNode(producer, "Embedding")) return undefined;
    if (isNode(producer, "AddPositions")) return site("embedding", 16);
    if (isNode(producer, "LayerNormalization")) {
      return op === "Linear" ? site(`${name}8`, 8) : site(`${name}16`, 16);
    }
    if (isNode(producer, "Add")) return site(name, 16);
    if (/\.gelu_(in|out)$/.test(name)) return site(name, geluBits);
    // Attention keeps channels apart: what is divided here stays so in its result.
    if (name.endsWith(".value")) return site(name, 8, name.replace(/value$/, "context"));
    return op === "Add" ? site(name, 16) : site(name, 8);
  };
}
