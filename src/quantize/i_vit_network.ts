/** What an integer network is: its graph, its activations, and how scales follow from scales. */
import type { Graph, Value } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";

/** Scales of activations by name: float32 numbers. */
export type Scales = ReadonlyMap<string, number>;

/** A float32 scale, or one for each channel, that follows from the scales of activations. */
export interface ScaleRule {
  /** Activations whose scales it needs. */
  readonly from: readonly string[];
  /** One scale, or one for each channel. */
  of(scales: Scales): Float32Array;
}

/** A place where values are put on a grid whose scale is calibrated: a QuantAct of I-ViT. */
export interface Activation {
  /** I-ViT's name for it. */
  readonly name: string;
  /** Width of its codes. */
  readonly bits: 8 | 12 | 16;
  /** The codes. */
  readonly output: Value;
  /** Where the real values come from. */
  readonly source: ActivationSource;
}

/** Real values: a float input or constant, codes with scales (plus an identity), an activation of codes, or embeddings. */
export type ActivationSource =
  | { readonly kind: "input"; readonly x: Value }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | {
    readonly kind: "codes";
    readonly x: Value;
    readonly scale: ScaleRule;
    readonly identity?: { readonly x: Value; readonly scale: ScaleRule };
    /** Real values of rows that are constant and therefore in no node. */
    readonly constantRow?: (scales: Scales) => Float32Array;
  }
  | {
    readonly kind: "activation";
    readonly x: Value;
    readonly scale: string;
    readonly f: (x: number) => number;
    /** What the channels before and after it were divided by. */
    readonly before?: Float32Array;
    readonly after?: Float32Array;
  }
  | {
    readonly kind: "tokens";
    readonly ids: Value;
    /** Real values `[tokens, channels]` of one sequence. */
    readonly of: (ids: Int32Array) => Float32Array;
  };

/** A network of integers with entries as {@linkcode IVitOptions} asks for, its activations in the order in which they are computed. */
export interface IntegerNetwork {
  /** The integer graph. */
  readonly graph: Graph;
  /** In the order in which they are computed. */
  readonly activations: readonly Activation[];
  /** What taps show: the codes of all activations, and the results of softmax and GELU, by name. */
  readonly taps: ReadonlyMap<string, Value>;
}

/** The scale of an activation. */
export function ruleOf(name: string): ScaleRule {
  return { from: [name], of: (scales) => Float32Array.of(scales.get(name)!) };
}

/** `fl32(a·b)`, one of them a single number. */
export function multiply(a: ScaleRule, b: ScaleRule): ScaleRule {
  return {
    from: [...new Set([...a.from, ...b.from])],
    of(scales) {
      const [x, y] = [a.of(scales), b.of(scales)];
      return x.length === 1 ? y.map((value) => x[0] * value) : x.map((value) => value * y[0]);
    },
  };
}
