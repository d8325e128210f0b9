/** Llamas with ternary weights (BitNet b1.58, the shape of its 2B-4T) as graphs. */
import type { Steps } from "../event_loop.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { add, embedding, linearTernary, quantizeRows, reluSquaredGlu } from "../graph/ops/mod.ts";
import { codedHead, floatHead } from "./_bitnet_head.ts";
import type { CodeRows, Head } from "./_bitnet_head.ts";
import { DecoderParts } from "./_decoder_parts.ts";
import { interleaveHalves } from "./_interleave_halves.ts";
import type { LlamaConfig } from "./llama_config.ts";
import { LanguageWeights } from "./language_weights.ts";
import type { LazyWeights, Trits } from "./language_weights.ts";

/** How floats become integers, and who is told. */
export interface BitNetOptions {
  /** Makes trits of latent weights; absent where the checkpoint has to have trits. */
  readonly ternarize?: ((latents: Float32Array) => Trits) | undefined;
  /** Makes codes of the rows of the head, and of an embedding that shares them; absent: floats. */
  readonly codeRows?: CodeRows | undefined;
  /** Called when the trits of a tensor were read the first time, with the tensors done and in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Ternary layers in a layer of the network. */
const TERNARY_LAYERS = 7;

/** Rows as int8 codes, and the factor of each. */
type Codes = Readonly<Record<"q" | "alpha", Value>>;

/**
 * Builds the graph of a BitNet b1.58, in steps. Inputs, output and states are those of `buildLlama`.
 *
 * Rows become codes once for all layers that read them, with no norm but the one before; sums are exact.
 * Trits are read when they are packed, one tensor after another.
 *
 * @param weights Tensors under the names of Hugging Face, packed ones joined.
 * @throws {FewbitError} `not_found`, `shape_mismatch`, `dtype_mismatch` or `unsupported` where the
 * checkpoint is not one of this config; `invalid_file` where a value is not finite.
 */
export function* bitNetSteps(
  config: LlamaConfig,
  weights: LazyWeights,
  options: BitNetOptions = {},
): Steps<Graph> {
  const language = new LanguageWeights(weights, "embed_tokens.weight");
  return yield* new BitNetBuilder(config, language, options).build();
}

class BitNetBuilder {
  readonly #config: LlamaConfig;
  readonly #weights: LanguageWeights;
  readonly #options: BitNetOptions;
  readonly #parts: DecoderParts;
  readonly #graph: Graph;
  /** Layers whose trits were read. */
  readonly #done: Set<string> = new Set();

  constructor(config: LlamaConfig, weights: LanguageWeights, options: BitNetOptions) {
    this.#config = config;
    this.#weights = weights;
    this.#options = options;
    this.#parts = new DecoderParts(config, weights);
    this.#graph = this.#parts.graph;
  }

  *build(): Steps<Graph> {
    const { depth } = this.#config;
    const graph = this.#graph;
    const head = this.#head();
    let x = this.#embed(head);
    const angles = this.#parts.angles();
    for (let layer = 0; layer < depth; layer++) x = this.#layer(x, layer, angles);
    const norm = this.#parts.norm(this.#parts.picked(x), "norm");
    graph.output("logits", head.logits(norm));
    this.#weights.assertAllUsed();
    yield* head.read();
    return graph;
  }

  #head(): Head {
    const { vocabularySize, width, tied } = this.#config;
    const { codeRows } = this.#options;
    const shape = [vocabularySize, width];
    const name = tied ? "embed_tokens.weight" : "lm_head.weight";
    const table = tied ? this.#weights.float(name, shape) : this.#weights.head(name, shape);
    if (tied) this.#weights.ignore("lm_head.weight");
    return codeRows === undefined
      ? floatHead(this.#graph, name, table)
      : codedHead(this.#graph, name, table, codeRows);
  }

  #embed(head: Head): Value {
    const { vocabularySize, width, tied } = this.#config;
    const graph = this.#graph;
    const index = this.#parts.ids;
    if (tied) return head.embed(index);
    const name = "embed_tokens.weight";
    const table = graph.lazyConstant(name, this.#weights.stored(name, [vocabularySize, width]));
    return graph.apply(embedding, { table, index }, {}, {
      name: "embed_tokens",
      output: "embed_tokens",
    });
  }

  /** One layer: attention and the MLP, a norm before each and another one before its last product. */
  #layer(x: Value, layer: number, angles: Value): Value {
    const { hidden, width } = this.#config;
    const graph = this.#graph;
    const at = `layers.${layer}`;
    const h = this.#codes(x, `${at}.input_layernorm`);
    const context = this.#parts.attention(
      layer,
      angles,
      (name, size, heads) => this.#linear(h, name, size, heads),
    );
    const mixer = this.#codes(context, `${at}.self_attn.attn_sub_norm`);
    const attended = this.#linear(mixer, `${at}.self_attn.o_proj`, width);
    const mixed = graph.apply(add, { a: attended, b: x }, {}, { output: `${at}.residual` });
    const m = this.#codes(mixed, `${at}.post_attention_layernorm`);
    const gate = this.#linear(m, `${at}.mlp.gate_proj`, hidden);
    const up = this.#linear(m, `${at}.mlp.up_proj`, hidden);
    const product = graph.apply(reluSquaredGlu, { gate, up }, {}, { output: `${at}.mlp.glu` });
    const inner = this.#codes(product, `${at}.mlp.ffn_sub_norm`);
    const down = this.#linear(inner, `${at}.mlp.down_proj`, width);
    return graph.apply(add, { a: down, b: mixed }, {}, { output: at });
  }

  /** Normalised rows as codes. */
  #codes(x: Value, norm: string): Codes {
    return this.#graph.applyAll(quantizeRows, { x: this.#parts.norm(x, norm) });
  }

  /**
   * A ternary layer.
   *
   * @param heads Heads whose channels turn, if it has some.
   */
  #linear({ q, alpha }: Codes, name: string, width: number, heads = 0): Value {
    const graph = this.#graph;
    const shape = [width, q.shape[1] as number];
    const trits = this.#weights.ternary(`${name}.weight`, shape, this.#options.ternarize);
    let scale: number | undefined;
    const isApart = heads > 0 && !this.#config.interleaved;
    const weight = graph.lazyConstant(`${name}.trits`, {
      dtype: "i8",
      shape,
      read: () => {
        const made = trits();
        scale = made.scale;
        this.#tell(name);
        const data = isApart ? interleaveHalves(made.trits, shape, heads) : made.trits;
        return { dtype: "i8", shape, data };
      },
    });
    // Lowering reads the trits first; whoever does not gets the scale all the same.
    const weightScale = graph.lazyConstant(`${name}.weight_scale`, {
      dtype: "f32",
      shape: [1],
      read: () => ({ dtype: "f32", shape: [1], data: Float32Array.of(scale ?? trits().scale) }),
    });
    return graph.apply(linearTernary, { x: q, alpha, weight, weightScale }, {}, {
      name,
      output: name,
    });
  }

  #tell(name: string): void {
    if (this.#done.has(name)) return;
    this.#done.add(name);
    this.#options.onProgress?.(this.#done.size, TERNARY_LAYERS * this.#config.depth);
  }
}
