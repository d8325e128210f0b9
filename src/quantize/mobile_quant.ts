/**
 * MobileQuant (Tan et al., 2024) made exact: Llamas in integers only. Static activations of 8 bits where a
 * product or the cache reads them, 16 before the rotation and of what the gate multiplies, a gate of 12, a
 * residual of 32; weights of 8 or 4 bits; no floating point when it runs.
 *
 * @module
 */
import type { Graph, Value } from "../graph/graph.ts";
import { isNode } from "../graph/op_names.ts";
import { sampleInteger } from "../graph/ops/mod.ts";
import { octaveTable } from "../numeric/integer_tables.ts";
import { buildLlama } from "../models/llama.ts";
import type { LlamaConfig } from "../models/llama_config.ts";
import type { LazyWeights } from "../models/language_weights.ts";
import { checkDecoderGrids } from "./check_decoder_grids.ts";
import type { DecoderGrids } from "./decoder_grids.ts";
import { DecoderSettings } from "./decoder_settings.ts";
import type { IntegerNetwork } from "./integer_network.ts";
import { quantizeParameters } from "./integer_parameters.ts";
import { rotateLayers } from "./rotate_llama.ts";
import type { RoundedWeight } from "./rounded_weights.ts";
import { rewriteIntegers } from "./rewriter.ts";
import { DECODER_RULES } from "./rules/decoder.ts";
import type { LanguageBits } from "./shifted_weights.ts";
import type { Grid, SiteOf } from "./sites.ts";

/** Options of {@linkcode quantizeLlama}. */
export interface QuantizeLlamaOptions {
  /** Bits of the weights. */
  readonly bits: LanguageBits;
  /** Tokens that attention reaches back, beside the prefix. Default: to the beginning. */
  readonly window?: number;
  /** Weights of layers that were rounded before. Default: each to the nearest code. */
  readonly rounded?: ReadonlyMap<string, RoundedWeight>;
}

/** The entry that gives the logits behind the prefix, and the one that draws ids. */
export const PREFIX = "prefix";
export const SAMPLE = "sample";

/** Most rows that a program can be loaded to draw from at once. */
const MOST_DRAWS = 4096;

/**
 * The integer network of a Llama: inputs and states as {@linkcode buildLlama} says, codes of 8 bits in the
 * caches, `logits` i32 with 12 fractional bits. `past` counts the prefix, which belongs to the network, and
 * is not less than its length. Entry `prefix` has the output `prefix.logits` `[1, vocabulary]`. Entry `sample`
 * draws `sample.id [draws]` from `sample.logits [draws, vocabulary]` by what `sample_i32` says: `sample.rate`,
 * `.top_k`, `.top_p`, `.min_p` `[draws]`, `.random [draws, 4]`, `.mask [draws, ⌈vocabulary/32⌉]`, all i32.
 *
 * @param config Its sizes.
 * @param weights Float tensors under the names of Hugging Face.
 * @param grids Where its values lie on integers.
 * @throws {FewbitError} `invalid_argument` where the grids are not those of this model.
 */
export function quantizeLlama(
  config: LlamaConfig,
  weights: LazyWeights,
  grids: DecoderGrids,
  { bits, window, rounded }: QuantizeLlamaOptions,
): IntegerNetwork {
  const { vocabularySize } = config;
  const { logits } = grids.prefix;
  checkDecoderGrids(config, grids);
  const { rotation } = grids;
  const layers = rotation === undefined ? weights : rotateLayers(config, weights, rotation);
  const source = buildLlama(config, layers, window === undefined ? {} : { window });
  const network = rewriteIntegers(source, {
    name: "MobileQuant",
    siteOf: llamaSites(grids),
    weightBits: 8,
    parameters: quantizeParameters(),
    nonlinear: "table",
    output: (graph, name, { value }, _, entry) => graph.output(name, value, entry),
    decoder: new DecoderSettings(bits, config, grids, rounded),
    rules: DECODER_RULES,
  }, [{ from: "main", to: "main" }]);
  const { graph } = network;
  const behind = graph.constant("", { dtype: "i32", shape: [1, vocabularySize], data: logits });
  graph.output(`${PREFIX}.logits`, behind, PREFIX);
  addSampler(graph, vocabularySize);
  return network;
}

/** The entry that draws ids. */
function addSampler(graph: Graph, vocabularySize: number): void {
  const rows = graph.symbol("draws", MOST_DRAWS);
  const input = (name: string, ...extents: number[]): Value =>
    graph.input(`${SAMPLE}.${name}`, "i32", [rows, ...extents]);
  const octave = { dtype: "i32", shape: [257], data: octaveTable() } as const;
  const id = graph.apply(sampleInteger, {
    logits: input("logits", vocabularySize),
    octave: graph.constant("octave", octave),
    rate: input("rate"),
    topK: input("top_k"),
    topP: input("top_p"),
    minP: input("min_p"),
    random: input("random", 4),
    mask: input("mask", Math.ceil(vocabularySize / 32)),
  });
  graph.output(`${SAMPLE}.id`, id, SAMPLE);
}

/** The site of the result of each module of a layer, and its bits. */
const LAYER_SITES: Readonly<Record<string, readonly [site: string, bits: Grid["bits"]]>> = {
  "input_layernorm": ["norm1", 8],
  "self_attn.q_proj": ["q16", 16],
  "self_attn.k_proj": ["k16", 16],
  "self_attn.v_proj": ["v", 8],
  "self_attn.q_rotated": ["q", 8],
  "self_attn.k_rotated": ["k", 8],
  "self_attn": ["context", 8],
  "post_attention_layernorm": ["norm2", 8],
  "mlp.gate_proj": ["gate", 12],
  "mlp.up_proj": ["up", 16],
  "mlp.swiglu": ["down", 8],
};

/** The name of the site of a value of a Llama's graph, and its bits. */
export function llamaSite(
  name: string,
): { readonly name: string; readonly bits: Grid["bits"] } | undefined {
  if (name === "norm") return { name, bits: 14 };
  const [, layer, module] = /^(layers\.\d+\.)(.+)$/.exec(name) ?? [];
  const found = layer === undefined ? undefined : LAYER_SITES[module];
  return found && { name: layer + found[0], bits: found[1] };
}

/** The sites of a Llama; the residual has none. */
function llamaSites({ grids }: DecoderGrids): SiteOf {
  return ({ name }, use, { producer }) => {
    if (use.kind === "output" || producer === undefined || isNode(producer, "Add")) {
      return undefined;
    }
    const site = llamaSite(name);
    if (site === undefined) return undefined;
    const { zeros, divisors, bits = site.bits } = grids.get(site.name) ?? {};
    return {
      ...site,
      bits,
      ...zeros?.length === 1 && zeros[0] !== 0 && { zeroPoint: zeros[0] },
      ...divisors && { divisors },
    };
  };
}
