/**
 * BERT encoders in integers only: weights of 8 bits per channel, static activations, the operators of
 * I-ViT with tabulated softmax and GELU. Beyond I-ViT: a token table with a scale for each row,
 * LayerNorms with two results (8 bits for the layers, 16 for the residual), GELU of 12 bits, and
 * SmoothQuant (Xiao et al. 2023), folded into the LayerNorm's requantisation and the next weights.
 *
 * @module
 */
import type { SymbolicExtent, Value } from "../graph/graph.ts";
import {
  attentionRaggedInteger,
  attentionScoresInteger,
  attentionValuesInteger,
  lookup,
  lookup12,
  reshape,
  softmaxInteger,
} from "../graph/ops/mod.ts";
import { activationOf } from "../graph/activations.ts";
import { GELU } from "../models/activation_names.ts";
import { ENCODE, encoderInputs, poolTokens } from "../models/bert.ts";
import { bertNames, UNUSED } from "../models/bert_names.ts";
import type { EncoderInputs } from "../models/bert.ts";
import type { BertConfig } from "../models/bert_config.ts";
import { weight } from "../models/weights.ts";
import type { Weights } from "../models/weights.ts";
import { embedTokens } from "./_bert_embedding.ts";
import { smoothColumns } from "./bert_constants.ts";
import { IntegerBuilder } from "./_integer_builder.ts";
import type { Codes } from "./_integer_builder.ts";
import { accumulate, normalize } from "./_integer_layers.ts";
import {
  activationTable,
  activationTable12,
  checkEpsilon,
  gelu,
  softmaxTable,
} from "./i_vit_constants.ts";
import type { ActivationFunction } from "./i_vit_constants.ts";
import { multiply, ruleOf } from "./i_vit_network.ts";
import type { IntegerNetwork, ScaleRule } from "./i_vit_network.ts";
import { quantizeParameters } from "./i_vit_parameters.ts";
import type { IntegerParameters } from "./i_vit_parameters.ts";

/** Which integers a network has; the defaults are the most precise. */
export interface EncoderQuantization {
  /** Bits of the weights: 8 (default), or 7, which are faster where relaxed SIMD is there. */
  readonly weightBits?: 7 | 8;
  /**
   * Bits of what enters and leaves GELU: 12 (default), or 8, which are faster and less precise. Their
   * scales differ: calibrate with the same number.
   */
  readonly geluBits?: 8 | 12;
  /** Bits of the token table: 8 (default) with a scale for each row, or 4 with one for 32 columns. */
  readonly tableBits?: 4 | 8;
}

/** The activation that is pooled. */
export const LAST = "last16";

/** Options of {@linkcode quantizeBert}. */
export interface QuantizeBertOptions extends EncoderQuantization {
  /** SmoothQuant's divisors of each channel, by the name of the activation; none divides nothing. */
  readonly smooth?: ReadonlyMap<string, Float32Array>;
  /**
   * One text at a time, with scores and softmax as nodes of their own: for calibration and taps. The
   * integers are the same.
   */
  readonly single?: boolean;
  /** Told what had to be changed to fit integers. */
  readonly onWarning?: (message: string) => void;
}

/** An activation whose channels are divided, and the linear layers `[rows, columns]` that read it. */
export interface SmoothedSite {
  /** Output rows of each reader. */
  readonly rows: number;
  /** Channels. */
  readonly columns: number;
  /** Names of the readers; none where a table undoes the division. */
  readonly readers: readonly string[];
}

/** Activations that are smoothed: the LayerNorms, and with a GELU of 8 bits what is left. */
export function smoothedSites(config: BertConfig, geluBits: 8 | 12): Map<string, SmoothedSite> {
  const { depth, width, hidden } = config;
  const sites = new Map<string, SmoothedSite>();
  for (let i = 0; i < depth; i++) {
    const block = `encoder.layer.${i}.`;
    const add = (name: string, rows: number, columns: number, ...readers: string[]): void => {
      const of = readers.map((reader) => block + reader);
      sites.set(block + name, { rows, columns, readers: of });
    };
    const projections = ["query", "key", "value"].map((name) => `attention.self.${name}`);
    add("in8", width, width, ...projections);
    add("mid8", hidden, width, "intermediate.dense");
    if (geluBits === 12) continue;
    add("context", width, width, "attention.output.dense");
    add("gelu_in", hidden, hidden);
    add("gelu_out", width, hidden, "output.dense");
  }
  return sites;
}

/**
 * Builds the integer network of a BERT: inputs `ids` and `offsets`, output `sums` i32
 * `[sequences, width]`, with scales left open.
 *
 * @param config Its sizes.
 * @param weights Float tensors under the names of Hugging Face's `BertModel`.
 */
export function quantizeBert(
  config: BertConfig,
  weights: Weights,
  options: QuantizeBertOptions = {},
): IntegerNetwork {
  checkEpsilon(config.epsilon, "encoder");
  const named = bertNames(weights);
  const encoder = new Encoder(config, named, options);
  encoder.build();
  named.assertAllUsed(UNUSED);
  const { graph, activations, taps } = encoder.builder;
  return {
    graph,
    activations: [...activations.values()],
    taps: new Map([
      ...[...activations.values()].map(({ name, output }) => [name, output] as const),
      ...taps,
    ]),
  };
}

/** The two results of a LayerNorm. */
interface FanOut {
  /** 8 bits, smoothed. */
  readonly layers: Codes;
  /** 16 bits. */
  readonly residual: Codes;
}

class Encoder {
  readonly builder: IntegerBuilder = new IntegerBuilder();
  readonly #inputs: EncoderInputs;
  readonly #parameters: IntegerParameters;

  constructor(
    readonly config: BertConfig,
    readonly weights: Weights,
    readonly options: QuantizeBertOptions,
  ) {
    this.#inputs = encoderInputs(this.builder.graph, config);
    this.#parameters = quantizeParameters(options.onWarning);
  }

  build(): void {
    const { builder, config } = this;
    let z = this.#norm(
      embedTokens(builder, config, this.weights, this.#inputs, this.options.tableBits ?? 8),
      "embeddings.LayerNorm",
    );
    for (let i = 0; i < config.depth; i++) z = this.#layer(z, `encoder.layer.${i}.`);
    const last = builder.requantized(LAST, z.value, z.scale, 16);
    builder.graph.output("sums", poolTokens(builder.graph, config, last, this.#inputs), ENCODE);
  }

  #floats(name: string, shape: readonly number[]): Float32Array {
    return weight(this.weights, name, shape).data as Float32Array;
  }

  #layer(z: Codes, block: string): Codes {
    const { width, hidden } = this.config;
    const input = this.#fanOut(z, `${block}in`);
    const [q, k, v] = ["query", "key", "value"].map((name) =>
      this.#linear(
        input.layers,
        `${block}attention.self.${name}`,
        width,
        `${block}${name}`,
        8,
        // Attention keeps channels apart: what is divided here stays so in its result.
        name === "value" ? `${block}context` : "",
      )
    );
    const context = this.#attention(q, k, v, block);
    let y = this.#linear(
      context,
      `${block}attention.output.dense`,
      width,
      `${block}attention_out`,
      16,
    );
    let sum = this.#add(y, input.residual, `${block}residual1`);
    const middle = this.#fanOut(
      this.#norm(sum, `${block}attention.output.LayerNorm`),
      `${block}mid`,
    );
    y = this.#linear(
      middle.layers,
      `${block}intermediate.dense`,
      hidden,
      `${block}gelu_in`,
      this.#geluBits,
      `${block}gelu_in`,
    );
    y = this.#gelu(y, block);
    y = this.#linear(y, `${block}output.dense`, width, `${block}mlp_out`, 16);
    sum = this.#add(y, middle.residual, `${block}residual2`);
    return this.#norm(sum, `${block}output.LayerNorm`);
  }

  #norm(x: Value, name: string): Codes {
    const shape = [this.config.width];
    const gamma = this.#floats(`${name}.weight`, shape);
    const beta = this.#floats(`${name}.bias`, shape);
    return normalize(this.builder, x, name, gamma, beta, this.#parameters);
  }

  /** The scale of each channel after its division. */
  #divided(scale: ScaleRule, site: string): ScaleRule {
    const divisors = this.options.smooth?.get(site);
    if (divisors === undefined) return scale;
    return { from: scale.from, of: (scales) => scale.of(scales).map((a, c) => a / divisors[c]) };
  }

  #fanOut({ value, scale }: Codes, name: string): FanOut {
    const smoothed = this.#divided(scale, `${name}8`);
    // Next to each other, so that one instruction can do both.
    const narrow = this.builder.requantized(`${name}8`, value, smoothed, 8);
    const wide = this.builder.requantized(`${name}16`, value, scale, 16);
    return {
      layers: { value: narrow, scale: ruleOf(`${name}8`) },
      residual: { value: wide, scale: ruleOf(`${name}16`) },
    };
  }

  /** `divided` is the site whose divisors the output takes. */
  #linear(
    x: Codes,
    name: string,
    width: number,
    output: string,
    bits: 8 | 12 | 16,
    divided = "",
  ): Codes {
    const inner = x.value.shape[x.value.shape.length - 1] as number;
    const tensor = weight(this.weights, `${name}.weight`, [width, inner]);
    const divisors = this.options.smooth?.get(x.scale.from[0]);
    const rows = divisors === undefined ? tensor : smoothColumns(tensor, divisors);
    const bias = this.#floats(`${name}.bias`, [width]);
    const layer = { name, rows, bias };
    const acc = accumulate(this.builder, x, layer, this.#parameters, this.options.weightBits ?? 8);
    const scale = this.#divided(acc.scale, divided);
    const value = this.builder.requantized(output, acc.value, scale, bits);
    return { value, scale: ruleOf(output) };
  }

  #add(branch: Codes, identity: Codes, name: string): Value {
    return this.builder.requantized(name, branch.value, branch.scale, 16, identity);
  }

  #attention(q: Codes, k: Codes, v: Codes, block: string): Codes {
    const { builder, config: { width, heads } } = this;
    const { graph } = builder;
    const root: ScaleRule = {
      from: [],
      of: () => Float32Array.of(Math.fround((width / heads) ** -0.5)),
    };
    const scores = `${block}scores`;
    const context = `${block}context`;
    const scoreScale = multiply(multiply(q.scale, k.scale), root);
    const probability: ScaleRule = { from: [], of: () => Float32Array.of(2 ** -15) };
    const valueScale = multiply(probability, v.scale);
    const exponentials = builder.constant(
      `exponentials ${scores}`,
      "i32",
      [256],
      [scores],
      (scales) => softmaxTable(scales.get(scores)!),
    );
    const scale = ruleOf(context);
    if (this.options.single !== true) {
      const value = graph.apply(
        attentionRaggedInteger,
        [
          q.value,
          k.value,
          v.value,
          this.#inputs.offsets,
          ...builder.dyadics(`requantize ${scores}`, scoreScale, scores),
          exponentials,
          ...builder.dyadics(`requantize ${context}`, valueScale, context),
        ],
        { heads },
        { output: context },
      );
      return { value, scale };
    }
    const { tokens } = this.#inputs;
    const shape: (number | SymbolicExtent)[] = [1, tokens, width];
    const [q1, k1, v1] = [q, k, v].map(({ value }) => graph.apply(reshape(shape), [value]));
    const acc = graph.apply(attentionScoresInteger, [q1, k1], { heads });
    const codes = builder.requantized(scores, acc, scoreScale, 8);
    const p = graph.apply(softmaxInteger, [codes, exponentials], { mode: "table", bits: 16 });
    builder.taps.set(`${block}softmax`, p);
    const sums = graph.apply(attentionValuesInteger, [p, v1]);
    const value = builder.requantized(context, sums, valueScale, 8);
    return { value: graph.apply(reshape([tokens, width]), [value]), scale };
  }

  get #activation(): ActivationFunction {
    const { activation } = this.config;
    return activation === GELU ? gelu : activationOf(activation);
  }

  get #geluBits(): 8 | 12 {
    return this.options.geluBits ?? 12;
  }

  #gelu(x: Codes, block: string): Codes {
    if (this.#geluBits === 8) return this.#gelu8(x, block);
    const { builder } = this;
    const [from, to] = [`${block}gelu_in`, `${block}gelu_out`];
    const table = builder.constant(
      `gelu ${to}`,
      "i16",
      [4096],
      [from, to],
      (scales) => activationTable12(scales.get(from)!, scales.get(to)!, this.#activation),
    );
    const value = builder.graph.apply(lookup12, [x.value, table]);
    builder.activation({
      name: to,
      bits: 12,
      output: value,
      source: { kind: "activation", x: x.value, scale: from, f: this.#activation },
    });
    // The table clamps its codes: a tap shows them clamped.
    const identity = builder.constant(
      "codes of 12 bits",
      "i16",
      [4096],
      [],
      () => Int16Array.from({ length: 4096 }, (_, i) => i - 2048),
    );
    builder.taps.set(from, builder.graph.apply(lookup12, [x.value, identity]));
    return { value, scale: ruleOf(to) };
  }

  /** With a table for each channel, which knows the channel's divisors. */
  #gelu8(x: Codes, block: string): Codes {
    const { builder, options, config: { hidden } } = this;
    const [from, to] = [`${block}gelu_in`, `${block}gelu_out`];
    const f = this.#activation;
    const ones = new Float32Array(hidden).fill(1);
    const before = options.smooth?.get(from) ?? ones;
    const after = options.smooth?.get(to) ?? ones;
    const table = builder.constant(`gelu ${to}`, "i8", [hidden, 256], [from, to], (scales) => {
      const [scale, outputScale] = [scales.get(from)!, scales.get(to)!];
      const tables = new Int8Array(hidden * 256);
      for (let c = 0; c < hidden; c++) {
        tables.set(activationTable(scale * before[c], outputScale * after[c], f), c * 256);
      }
      return tables;
    });
    const value = builder.graph.apply(lookup, [x.value, table]);
    const source = {
      kind: "activation",
      x: x.value,
      scale: from,
      f: this.#activation,
      before,
      after,
    } as const;
    builder.activation({ name: to, bits: 8, output: value, source });
    return { value, scale: ruleOf(to) };
  }
}
